// What the variants of DenseKernels share, and their names.
#pragma once

#include "similar/dense_kernels.h"

#if defined(__clang__)
#define STARCAST_UNROLL _Pragma("unroll")
#else
#define STARCAST_UNROLL _Pragma("GCC unroll 16")
#endif

namespace starcast::similar {

namespace dense_baseline {
extern const DenseKernels kKernels;
}
namespace dense_avx2 {
extern const DenseKernels kKernels;
}

}  // namespace starcast::similar
