// Byte sources and sinks: how a stream of any length passes in constant memory.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "core/result.h"

namespace starcast::core {

// One thread.
class ByteSource {
 public:
  virtual ~ByteSource() = default;

  // Fills at most buffer.size() bytes and returns how many; 0 only at the end. After an error the source is
  // spent.
  virtual Result<std::size_t> read(std::span<char> buffer) = 0;
};

// One thread. What a sink does with half-written output when it is destroyed without finish() is the
// implementation's contract (an atomic file drops it).
class ByteSink {
 public:
  virtual ~ByteSink() = default;

  // Takes all of `bytes`, or fails.
  virtual Result<void> write(std::string_view bytes) = 0;

  // Says that the output is complete; nothing may be written after it.
  virtual Result<void> finish() { return {}; }
};

// Reads from borrowed text, at most `chunk_bytes` at a time (tests use 1 to move chunk borders everywhere).
class StringSource final : public ByteSource {
 public:
  explicit StringSource(std::string text, std::size_t chunk_bytes = static_cast<std::size_t>(-1));
  Result<std::size_t> read(std::span<char> buffer) override;

 private:
  std::string text_;
  std::size_t chunk_bytes_;
  std::size_t offset_ = 0;
};

// Collects into a string.
class StringSink final : public ByteSink {
 public:
  Result<void> write(std::string_view bytes) override;
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

// Reads a source to its end. More than `bytes_max` is kTooLarge.
Result<std::string> read_all(ByteSource& source, std::size_t bytes_max);

}  // namespace starcast::core
