// Compiled for AVX2; see dense_kernels.h.
#include "similar/dense_kernels_variants.h"

#define STARCAST_LANES 8
#define STARCAST_TILE_PANELS 1
#define STARCAST_TILE_COLUMNS 4

namespace starcast::similar::dense_avx2 {
namespace {

#include "similar/dense_kernels_body.h"

}  // namespace

const DenseKernels kKernels{"avx2", subtract_product, solve_block, kernel_values};

}  // namespace starcast::similar::dense_avx2
