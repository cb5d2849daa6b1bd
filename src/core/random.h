// Seeded random numbers whose bits are the same with every compiler and standard library (std distributions
// are not).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace starcast::core {

// xoshiro256** by Blackman and Vigna (public domain, prng.di.unimi.it), seeded through SplitMix64. One
// thread.
class Random {
 public:
  explicit Random(std::uint64_t seed);

  std::uint64_t next();

  // Uniform in [0, bound); bound > 0. Without modulo bias.
  std::uint64_t below(std::uint64_t bound);

  // Uniform in [0, 1), 53 bits.
  double uniform();

  // Standard normal, by the polar method.
  double normal();

 private:
  std::uint64_t state_[4];
};

// 0 .. count-1 in random order (Fisher-Yates).
std::vector<std::size_t> shuffled(std::size_t count, Random& random);

// A stable 64-bit hash of text (FNV-1a, then SplitMix64's finaliser): stored in split files, do not change.
std::uint64_t stable_hash(std::string_view text, std::uint64_t seed);

}  // namespace starcast::core
