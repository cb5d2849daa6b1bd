#include "similar/dense_kernels.h"

#include "similar/dense_kernels_variants.h"

namespace starcast::similar {

DenseKernelsList usable_dense_kernels() {
  DenseKernelsList list{{&dense_baseline::kKernels, nullptr}, 1};
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx2")) list.items[list.count++] = &dense_avx2::kKernels;
#endif
  return list;
}

const DenseKernels& dense_kernels() {
  const DenseKernelsList list = usable_dense_kernels();
  return *list.items[list.count - 1];
}

}  // namespace starcast::similar
