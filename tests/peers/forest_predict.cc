// Writes all that our forests say, for a comparison with the library that trained them:
//   forest_predict LIST      with a line "MODEL ROWS OUT" for each model
//
// MODEL is LightGBM's text, or XGBoost's JSON or UBJSON; ROWS are doubles in this machine's byte order, row
// after row. OUT.KERNEL.f64 gets the prediction of each row, and OUT.KERNEL.batch.f64 the same asked for at
// once; OUT.raw.f64 the sums, OUT.leaves.i32 the library's number of the leaf reached in each tree, and
// OUT.shares.f64, unless there are no reasons, each class's shares and then its expected value.
#include <fmt/format.h>

#include <cstdint>
#include <cstdio>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/strings.h"
#include "forest/forest.h"
#include "forest/shap.h"
#include "os/file_system.h"

namespace starcast {
namespace {

using core::Result;

constexpr std::size_t kFileBytesMax = std::size_t{1} << 30;

template <typename T>
Result<void> write_numbers(os::FileSystem& files, const std::string& path, const std::vector<T>& numbers) {
  std::string text(numbers.size() * sizeof(T), '\0');
  std::memcpy(text.data(), numbers.data(), text.size());
  return files.write(path, text);
}

Result<void> predict_all(os::FileSystem& files, const std::string& model, const std::string& rows_path,
                         const std::string& out) {
  const std::string bytes = TRY(files.read(model, kFileBytesMax));
  const bool is_text = bytes.starts_with("tree\n");
  forest::Forest forest =
      is_text ? TRY(forest::parse_lightgbm(bytes), model) : TRY(forest::parse_xgboost(bytes), model);
  const std::string row_bytes = TRY(files.read(rows_path, kFileBytesMax));
  std::vector<double> values(row_bytes.size() / sizeof(double));
  std::memcpy(values.data(), row_bytes.data(), values.size() * sizeof(double));
  const std::size_t width = forest.feature_count();
  const std::size_t rows = values.size() / width;
  if (rows * width != values.size()) {
    return core::Error(core::ErrorCode::kInvalidInput,
                       fmt::format("{}: {} numbers are no rows of {}", rows_path, values.size(), width));
  }
  const std::span<const double> all(values);
  const std::size_t outputs = forest.output_count();
  std::vector<double> predictions(rows * outputs);
  for (const forest::ForestKernel kernel : forest::forest_kernels()) {
    forest.use(kernel);
    for (std::size_t i = 0; i < rows; ++i) {
      forest.predict(all.subspan(i * width, width), std::span(predictions).subspan(i * outputs, outputs));
    }
    TRY(write_numbers(files, fmt::format("{}.{}.f64", out, name_of(kernel)), predictions));
    forest.predict_batch(all, predictions);
    TRY(write_numbers(files, fmt::format("{}.{}.batch.f64", out, name_of(kernel)), predictions));
  }
  std::vector<double> sums(rows * forest.class_count());
  forest.predict_batch_raw(all, sums);
  TRY(write_numbers(files, out + ".raw.f64", sums));

  std::vector<std::int32_t> leaves(rows * forest.tree_count());
  forest.leaves_batch(all, leaves);
  for (std::size_t i = 0; i < leaves.size(); ++i)
    leaves[i] = forest.leaf_id(i % forest.tree_count(), leaves[i]);
  TRY(write_numbers(files, out + ".leaves.i32", leaves));

  const auto explainer = forest::ShapExplainer::create(forest);
  if (!explainer) {
    fmt::print("{}: {}\n", model, explainer.error().message());
    return {};
  }
  std::vector<double> shares;
  std::vector<double> of_row(width * forest.class_count());
  for (std::size_t i = 0; i < rows; ++i) {
    explainer->explain(all.subspan(i * width, width), of_row);
    for (std::size_t c = 0; c < forest.class_count(); ++c) {
      const auto first = of_row.begin() + static_cast<std::ptrdiff_t>(c * width);
      shares.insert(shares.end(), first, first + static_cast<std::ptrdiff_t>(width));
      shares.push_back(explainer->expected_value(c));
    }
  }
  return write_numbers(files, out + ".shares.f64", shares);
}

Result<void> run(const std::string& list) {
  os::FileSystem& files = os::real_files();
  const std::string text = TRY(files.read(list));
  for (const std::string_view line : core::split(core::trimmed(text), '\n')) {
    const auto words = core::split(line, ' ');
    if (words.size() != 3) {
      return core::Error(core::ErrorCode::kInvalidInput, fmt::format("'{}' is not \"MODEL ROWS OUT\"", line));
    }
    TRY(predict_all(files, std::string(words[0]), std::string(words[1]), std::string(words[2])));
  }
  return {};
}

}  // namespace
}  // namespace starcast

int main(int argc, char** argv) {
  if (argc != 2) {
    fmt::print(stderr, "usage: forest_predict LIST\n");
    return 2;
  }
  const auto done = starcast::run(argv[1]);
  if (!done) {
    fmt::print(stderr, "forest_predict: {}\n", done.error().message());
    return 1;
  }
  return 0;
}
