# The warning set of our own targets. Warnings are errors, in every preset and with both compilers.
add_library(starcast_warnings INTERFACE)
target_compile_options(starcast_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wnon-virtual-dtor -Wold-style-cast
  -Woverloaded-virtual -Werror)

# Floating point must not depend on the compiler's mood: no contraction into fused multiply-add (LightGBM's own
# predictions are computed without it, and ours are bit-equal to them).
add_library(starcast_options INTERFACE)
target_compile_options(starcast_options INTERFACE -ffp-contract=off)
if(STARCAST_SANITIZE)
  target_compile_options(starcast_options INTERFACE
    -fsanitize=${STARCAST_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(starcast_options INTERFACE -fsanitize=${STARCAST_SANITIZE})
endif()
