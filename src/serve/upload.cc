#include "serve/upload.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <optional>
#include <utility>

#include "core/strings.h"

namespace starcast::serve {

using core::Error;
using core::ErrorCode;
using core::Result;

namespace {

constexpr std::size_t kPartHeaderBytesMax = 16 << 10;
constexpr std::size_t kBoundaryBytesMax = 70;  // RFC 2046

Error invalid(std::string message) {
  return Error(ErrorCode::kInvalidInput, std::move(message));
}

// "text/csv; charset=utf-8" -> "text/csv".
std::string media_type_of(std::string_view content_type) {
  return core::ascii_lower(core::trimmed(core::split(content_type, ';').front()));
}

// The value of `; name=value` or `; name="value"`; nothing when it is not there.
std::optional<std::string> parameter_of(std::string_view header, std::string_view name) {
  while (true) {
    const std::size_t semicolon = header.find(';');
    if (semicolon == std::string_view::npos) return std::nullopt;
    header = core::trimmed(header.substr(semicolon + 1));
    const std::size_t equals = header.find('=');
    if (equals == std::string_view::npos) return std::nullopt;
    const std::string key = core::ascii_lower(core::trimmed(header.substr(0, equals)));
    header = core::trimmed(header.substr(equals + 1));
    std::string value;
    if (!header.empty() && header.front() == '"') {
      std::size_t at = 1;
      for (; at < header.size() && header[at] != '"'; ++at) {
        if (header[at] == '\\' && at + 1 < header.size()) ++at;
        value.push_back(header[at]);
      }
      header = at < header.size() ? header.substr(at + 1) : std::string_view();
    } else {
      value = core::trimmed(header.substr(0, header.find(';')));
    }
    if (key == name) return value;
  }
}

std::optional<UploadKind> kind_of(std::string_view media_type) {
  constexpr std::array<std::string_view, 5> kCsv = {"", "text/csv", "text/plain", "application/octet-stream",
                                                    "application/vnd.ms-excel"};
  constexpr std::array<std::string_view, 4> kLines = {"application/x-ndjson", "application/ndjson",
                                                      "application/jsonl", "application/x-jsonlines"};
  for (const std::string_view type : kCsv) {
    if (media_type == type) return UploadKind::kCsv;
  }
  for (const std::string_view type : kLines) {
    if (media_type == type) return UploadKind::kJsonLines;
  }
  return std::nullopt;
}

bool is_named_lines(std::string_view file_name) {
  return file_name.ends_with(".jsonl") || file_name.ends_with(".ndjson");
}

// Nobody else writes there: the name is new in this process, and the address and time differ between two.
std::string scratch_name(const std::string& folder, const core::Clock& clock, const void* address) {
  static std::atomic<std::uint64_t> uploads{0};
  return fmt::format("{}/starcast-upload-{:x}-{:x}-{}", folder,
                     static_cast<std::uint64_t>(clock.now().time_since_epoch().count()),
                     reinterpret_cast<std::uintptr_t>(address), uploads.fetch_add(1));
}

}  // namespace

MultipartFile::MultipartFile(const std::string& boundary)
    : delimiter_(fmt::format("\r\n--{}", boundary)), pending_("\r\n") {}

Result<void> MultipartFile::take_headers(std::string_view headers) {
  std::string disposition;
  std::string content_type;
  std::size_t begin = 0;
  while (begin < headers.size()) {
    const std::size_t end = std::min(headers.find("\r\n", begin), headers.size());
    const std::string_view line = headers.substr(begin, end - begin);
    begin = end + 2;
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) return invalid("a part of the form has a broken header");
    const std::string name = core::ascii_lower(core::trimmed(line.substr(0, colon)));
    const std::string_view value = core::trimmed(line.substr(colon + 1));
    if (name == "content-disposition") disposition = value;
    if (name == "content-type") content_type = value;
  }
  const std::optional<std::string> file_name = parameter_of(disposition, "filename");
  const bool is_file = file_name.has_value() || parameter_of(disposition, "name") == "file";
  if (!is_file) {
    state_ = State::kOther;
    return {};
  }
  if (has_file_) return invalid("the form holds more than one file");
  has_file_ = true;
  content_type_ = media_type_of(content_type);
  file_name_ = core::ascii_lower(file_name.value_or(""));
  state_ = State::kFile;
  return {};
}

Result<void> MultipartFile::write(std::string_view bytes, core::ByteSink& sink) {
  pending_ += bytes;
  std::string_view rest = pending_;
  while (true) {
    if (state_ == State::kEnd) {
      rest = {};
      break;
    }
    if (state_ == State::kAfterBoundary) {
      if (rest.size() < 2) break;
      if (rest.starts_with("--")) {
        state_ = State::kEnd;
        continue;
      }
      if (!rest.starts_with("\r\n")) return invalid("the form's boundary does not end its line");
      // The CRLF stays: a part without headers has an empty line right here.
      state_ = State::kHeaders;
      continue;
    }
    if (state_ == State::kHeaders) {
      const std::size_t end = rest.find("\r\n\r\n");
      if (end == std::string_view::npos) {
        if (rest.size() > kPartHeaderBytesMax) return invalid("a part of the form has no end of its header");
        break;
      }
      TRY(take_headers(rest.substr(std::min<std::size_t>(2, end), end - std::min<std::size_t>(2, end))));
      rest.remove_prefix(end + 4);
      continue;
    }
    const std::size_t end = rest.find(delimiter_);
    if (end != std::string_view::npos) {
      if (state_ == State::kFile) TRY(sink.write(rest.substr(0, end)));
      rest.remove_prefix(end + delimiter_.size());
      state_ = State::kAfterBoundary;
      continue;
    }
    if (rest.size() >= delimiter_.size()) {
      const std::size_t done = rest.size() - delimiter_.size() + 1;
      if (state_ == State::kFile) TRY(sink.write(rest.substr(0, done)));
      rest.remove_prefix(done);
    }
    break;
  }
  pending_ = std::string(rest);
  return {};
}

Result<void> MultipartFile::finish() const {
  if (state_ != State::kEnd) return invalid("the form ends before its last boundary");
  if (!has_file_) return invalid("the form holds no file");
  return {};
}

Result<std::unique_ptr<Upload>> Upload::create(std::string_view content_type, os::FileSystem& files,
                                               const std::string& folder, const core::Clock& clock) {
  const std::string media_type = media_type_of(content_type);
  std::unique_ptr<MultipartFile> form;
  std::optional<UploadKind> kind = kind_of(media_type);
  if (media_type == "multipart/form-data") {
    const std::optional<std::string> boundary = parameter_of(content_type, "boundary");
    if (!boundary || boundary->empty() || boundary->size() > kBoundaryBytesMax)
      return invalid("Content-Type: multipart/form-data needs a boundary of at most 70 bytes");
    form = std::make_unique<MultipartFile>(*boundary);
    kind = UploadKind::kCsv;
  }
  if (!kind) {
    return Error(ErrorCode::kUnsupported,
                 fmt::format("Content-Type '{}' is not taken; send text/csv, application/x-ndjson or "
                             "multipart/form-data",
                             media_type));
  }
  std::string path = scratch_name(folder, clock, form ? static_cast<const void*>(form.get()) : &files);
  std::unique_ptr<Upload> upload(new Upload(files, std::move(path), *kind));
  upload->form_ = std::move(form);
  os::WriteOptions options;
  options.mode = 0600;
  options.sync = false;
  upload->file_ = TRY(files.create(upload->path_, options));
  return upload;
}

Result<void> Upload::write(std::string_view bytes) {
  return form_ ? form_->write(bytes, *file_) : file_->write(bytes);
}

Result<UploadedFile> Upload::finish() {
  if (form_) {
    TRY(form_->finish());
    const std::optional<UploadKind> kind = kind_of(form_->content_type());
    if (!kind) {
      return Error(ErrorCode::kUnsupported,
                   fmt::format("the file is '{}'; CSV or JSON Lines are taken", form_->content_type()));
    }
    kind_ = is_named_lines(form_->file_name()) ? UploadKind::kJsonLines : *kind;
  }
  TRY(file_->finish());
  file_.reset();
  UploadedFile uploaded;
  uploaded.kind = kind_;
  uploaded.checked = TRY(files_.open(path_));
  uploaded.answered = TRY(files_.open(path_));
  TRY(files_.remove(path_));
  return uploaded;
}

}  // namespace starcast::serve
