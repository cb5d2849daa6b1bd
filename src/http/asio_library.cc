// Asio's own functions, compiled once: the module's other files are built with
// BOOST_ASIO_SEPARATE_COMPILATION.
#include <boost/asio/impl/src.hpp>
