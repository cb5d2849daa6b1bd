# Every outside library, each with the one reason why it is here. Debian packages; tools/setup installs them.
find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)

find_package(fmt REQUIRED)                                                     # fmt: text formatting; gcc 12 and clang 14 have no std::format
find_package(OpenSSL REQUIRED COMPONENTS Crypto SSL)                           # OpenSSL: MD5 (DVC's hash), SHA-256 (package checksums), the client's TLS
find_package(Boost 1.81 REQUIRED)                                              # Boost.Beast and Asio (headers): HTTP at the floor of the system calls
find_package(SQLite3 REQUIRED)                                                 # SQLite: the embedded tracking database, MLflow's own default
find_package(ZLIB REQUIRED)                                                    # zlib: gzip bodies, both ways
pkg_check_modules(yaml REQUIRED IMPORTED_TARGET yaml-0.1)                      # libyaml: YAML events with positions, so errors name a line
pkg_check_modules(utf8proc REQUIRED IMPORTED_TARGET libutf8proc)               # utf8proc: case folding and categories of any script's app names
find_package(CLI11 REQUIRED)                                                   # CLI11: command line grammar, help texts, did-you-mean
find_package(GTest REQUIRED)                                                   # GoogleTest: unit tests beside the code

# Programs that run as processes: gnuplot draws PNG figures; curl and unzip fetch Kaggle's download; python3 and pip
# bring LightGBM's library out of its wheel (tools/fetch-lightgbm), which src/gbm opens at first use.
