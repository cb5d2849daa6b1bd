// Upload: a file that a client sends, raw or as a form's multipart/form-data, on its way into a file without
// a name, so that one of any length passes in constant memory.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "core/bytes.h"
#include "core/clock.h"
#include "core/result.h"
#include "os/file_system.h"

namespace starcast::serve {

enum class UploadKind { kCsv, kJsonLines };

// What was uploaded, twice over: to be checked to its end before the first byte of an answer is written.
struct UploadedFile {
  UploadKind kind = UploadKind::kCsv;
  std::unique_ptr<core::ByteSource> checked;
  std::unique_ptr<core::ByteSource> answered;
};

// Finds the file in a body of multipart/form-data. One thread.
class MultipartFile {
 public:
  explicit MultipartFile(const std::string& boundary);

  // Hands the file's bytes to `sink`. kInvalidInput: no such form, a part without end, two files.
  core::Result<void> write(std::string_view bytes, core::ByteSink& sink);
  // kInvalidInput: the form ended early, or held no file.
  core::Result<void> finish() const;

  // Of the file's part; "" when not said.
  const std::string& content_type() const { return content_type_; }
  const std::string& file_name() const { return file_name_; }

 private:
  enum class State { kBoundary, kAfterBoundary, kHeaders, kFile, kOther, kEnd };

  core::Result<void> take_headers(std::string_view headers);

  std::string delimiter_;
  State state_ = State::kBoundary;
  bool has_file_ = false;
  std::string content_type_;
  std::string file_name_;
  std::string pending_;
};

// One thread. Destroyed without finish(), nothing remains.
class Upload {
 public:
  // By the request's Content-Type: kUnsupported for one that is neither CSV, JSON Lines nor a form.
  // The folder has to be there.
  static core::Result<std::unique_ptr<Upload>> create(std::string_view content_type, os::FileSystem& files,
                                                      const std::string& folder, const core::Clock& clock);

  core::Result<void> write(std::string_view bytes);
  core::Result<UploadedFile> finish();

 private:
  Upload(os::FileSystem& files, std::string path, UploadKind kind)
      : files_(files), path_(std::move(path)), kind_(kind) {}

  os::FileSystem& files_;
  std::string path_;
  UploadKind kind_;
  std::unique_ptr<os::AtomicFile> file_;
  std::unique_ptr<MultipartFile> form_;  // null: the body is the file
};

}  // namespace starcast::serve
