// What this processor can run, as far as the kernels ask.
#pragma once

namespace starcast::forest {

#if defined(__x86_64__)
inline bool has_avx2() {
  return __builtin_cpu_supports("avx2") != 0 && __builtin_cpu_supports("bmi") != 0;
}
// Foundation, bytes and words, doublewords and quadwords, conflict detection, and byte permutes.
inline bool has_avx512() {
  return __builtin_cpu_supports("avx512f") != 0 && __builtin_cpu_supports("avx512bw") != 0 &&
         __builtin_cpu_supports("avx512dq") != 0 && __builtin_cpu_supports("avx512cd") != 0 &&
         __builtin_cpu_supports("avx512vl") != 0 && __builtin_cpu_supports("avx512vbmi") != 0;
}
#else
inline bool has_avx2() {
  return false;
}
inline bool has_avx512() {
  return false;
}
#endif

}  // namespace starcast::forest
