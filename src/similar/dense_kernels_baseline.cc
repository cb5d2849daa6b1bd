// Compiled for any processor; see dense_kernels.h.
#include "similar/dense_kernels_variants.h"

#define STARCAST_LANES 4
#define STARCAST_TILE_PANELS 1
#define STARCAST_TILE_COLUMNS 2

namespace starcast::similar::dense_baseline {
namespace {

#include "similar/dense_kernels_body.h"

}  // namespace

const DenseKernels kKernels{"baseline", subtract_product, solve_block, kernel_values};

}  // namespace starcast::similar::dense_baseline
