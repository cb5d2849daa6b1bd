// The stored kernel model; docs/formats/kernel-model.md describes it.
#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <utility>

#include <fmt/format.h>

#include "core/numeric.h"
#include "similar/dense_kernels.h"
#include "similar/kernel_model.h"
#include "similar/kernel_model_limits.h"

namespace starcast::similar {
namespace {

constexpr std::string_view kMagic = "starcast kernel model 1\n";
constexpr std::uint8_t kCoreFlag = 1;
constexpr std::uint8_t kTellsMissingFlag = 2;

// Little-endian numbers and texts with their length in front.
class Writer {
 public:
  explicit Writer(std::string& bytes) : bytes_(bytes) {}

  void put_byte(std::uint8_t value) { bytes_.push_back(static_cast<char>(value)); }
  void put_count(std::size_t value) { put_integer(static_cast<std::uint32_t>(value)); }
  void put_single(float value) { put_integer(std::bit_cast<std::uint32_t>(value)); }
  void put_double(double value) { put_integer(std::bit_cast<std::uint64_t>(value)); }
  void put_text(std::string_view text) {
    put_count(text.size());
    bytes_.append(text);
  }

 private:
  template <typename Integer>
  void put_integer(Integer value) {
    for (std::size_t i = 0; i < sizeof(Integer); ++i)
      bytes_.push_back(static_cast<char>((value >> (8 * i)) & 0xff));
  }

  std::string& bytes_;
};

core::Error corrupt(std::string_view what) {
  return {core::ErrorCode::kCorrupt,
          fmt::format("the stored kernel model is damaged: {}; train again or fetch it anew", what)};
}

// Each read names what it reads, for the message.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : rest_(bytes) {}

  std::size_t left() const { return rest_.size(); }

  core::Result<std::string_view> take(std::size_t count, std::string_view what) {
    if (rest_.size() < count) return corrupt(fmt::format("it ends within {}", what));
    const std::string_view taken = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return taken;
  }
  core::Result<std::size_t> count(std::size_t max, std::string_view what) {
    const std::uint32_t value = TRY(integer<std::uint32_t>(what));
    if (value > max) return corrupt(fmt::format("{} is {}, above {}", what, value, max));
    return static_cast<std::size_t>(value);
  }
  core::Result<float> single(std::string_view what) {
    return std::bit_cast<float>(TRY(integer<std::uint32_t>(what)));
  }
  core::Result<double> number(std::string_view what) {
    const double value = std::bit_cast<double>(TRY(integer<std::uint64_t>(what)));
    if (!(std::abs(value) <= kNumberMax)) return corrupt(fmt::format("{} is no usable number", what));
    return value;
  }
  core::Result<std::string> text(std::string_view what) {
    const std::size_t length = TRY(count(rest_.size(), what));
    return std::string(TRY(take(length, what)));
  }

 private:
  template <typename Integer>
  core::Result<Integer> integer(std::string_view what) {
    const std::string_view bytes = TRY(take(sizeof(Integer), what));
    Integer value = 0;
    for (std::size_t i = sizeof(Integer); i-- > 0;) {
      value = static_cast<Integer>((value << 8) | static_cast<std::uint8_t>(bytes[i]));
    }
    return value;
  }

  std::string_view rest_;
};

core::Result<KernelWeights> read_weights(Reader& reader) {
  const std::size_t labels = TRY(reader.count(kLabelsMax, "the number of labels"));
  KernelWeights weights;
  for (double* weight :
       {&weights.constant, &weights.wide, &weights.core, &weights.name, &weights.name_squared,
        &weights.name_fourth, &weights.name_narrow, &weights.name_squared_wide}) {
    *weight = TRY(reader.number("a weight"));
  }
  for (std::size_t label = 0; label < labels; ++label) {
    LabelWeights of_label;
    of_label.plain = TRY(reader.number("a weight"));
    of_label.wide = TRY(reader.number("a weight"));
    of_label.name = TRY(reader.number("a weight"));
    weights.labels.push_back(of_label);
  }
  for (const double weight : listed_weights(weights)) {
    if (!is_usable_weight(weight)) return corrupt("a weight is negative or too large");
  }
  return weights;
}

}  // namespace

std::vector<double> listed_weights(const KernelWeights& weights) {
  std::vector<double> list{
      weights.constant,     weights.wide,        weights.core,        weights.name,
      weights.name_squared, weights.name_fourth, weights.name_narrow, weights.name_squared_wide};
  for (const LabelWeights& label : weights.labels) {
    list.push_back(label.plain);
    list.push_back(label.wide);
    list.push_back(label.name);
  }
  return list;
}

std::string KernelModel::to_bytes() const {
  std::string bytes(kMagic);
  Writer writer(bytes);
  writer.put_count(label_count());
  for (const double weight : listed_weights(weights_)) writer.put_double(weight);
  writer.put_double(base_);
  writer.put_count(column_count());
  for (const Column& column : columns_) {
    writer.put_double(column.width);
    writer.put_double(column.mean);
    writer.put_double(column.deviation);
    writer.put_byte(static_cast<std::uint8_t>((column.is_core ? kCoreFlag : 0) |
                                              (column.tells_missing ? kTellsMissingFlag : 0)));
  }
  for (const std::vector<std::string>& names : label_names_) {
    writer.put_count(names.size());
    for (const std::string& name : names) writer.put_text(name);
  }
  writer.put_count(size());
  for (std::size_t item = 0; item < size(); ++item) {
    writer.put_text(index_->name(item));
    for (std::size_t i = 0; i < label_count(); ++i)
      writer.put_count(static_cast<std::size_t>(labels_[item * label_count() + i]));
    for (std::size_t i = 0; i < column_count(); ++i) writer.put_single(numbers_[item * column_count() + i]);
    writer.put_double(pull_weights_[item]);
  }
  return bytes;
}

core::Result<KernelModel> KernelModel::from_bytes(std::string_view bytes,
                                                  const std::shared_ptr<const NameIndex>& index) {
  if (!bytes.starts_with(kMagic)) return corrupt("it does not begin as one of this version");
  Reader reader(bytes.substr(kMagic.size()));
  KernelModel model;
  model.weights_ = TRY(read_weights(reader));
  model.base_ = TRY(reader.number("the base"));
  const std::size_t columns = TRY(reader.count(kColumnsMax, "the number of columns"));
  for (std::size_t i = 0; i < columns; ++i) {
    Column column;
    column.width = TRY(reader.number("a column's width"));
    column.mean = TRY(reader.number("a column's mean"));
    column.deviation = TRY(reader.number("a column's deviation"));
    const std::string_view flags = TRY(reader.take(1, "a column's flags"));
    const auto flag_bits = static_cast<std::uint8_t>(flags[0]);
    if (!is_usable_width(column.width)) return corrupt("a column's width is not positive");
    if (column.deviation < 0) return corrupt("a column's deviation is negative");
    if (flag_bits > (kCoreFlag | kTellsMissingFlag)) return corrupt("a column has unknown flags");
    column.is_core = (flag_bits & kCoreFlag) != 0;
    column.tells_missing = (flag_bits & kTellsMissingFlag) != 0;
    model.columns_.push_back(column);
  }
  for (std::size_t label = 0; label < model.label_count(); ++label) {
    std::vector<std::string>& names = model.label_names_.emplace_back();
    const std::size_t count = TRY(reader.count(kItemsMax, "the number of a label's texts"));
    for (std::size_t i = 0; i < count; ++i) {
      names.push_back(TRY(reader.text("a label's text")));
      if (i > 0 && names[i - 1] >= names[i]) return corrupt("a label's texts are not in order");
    }
  }
  const std::size_t items = TRY(reader.count(kItemsMax, "the number of items"));
  if (items == 0) return corrupt("it has no items");
  std::vector<std::string> names;
  for (std::size_t item = 0; item < items; ++item) {
    names.push_back(TRY(reader.text("an item's name")));
    for (std::size_t label = 0; label < model.label_count(); ++label) {
      const std::size_t place = TRY(reader.count(kItemsMax, "an item's label"));
      if (place >= model.label_names_[label].size()) return corrupt("an item has a label that is not listed");
      model.labels_.push_back(static_cast<float>(place));
    }
    for (std::size_t column = 0; column < columns; ++column) {
      const float number = TRY(reader.single("an item's number"));
      if (std::isinf(number) || std::abs(number) > kStandardisedMax)
        return corrupt("an item's number is too large");
      model.numbers_.push_back(std::isnan(number) ? std::numeric_limits<float>::quiet_NaN() : number);
    }
    model.pull_weights_.push_back(TRY(reader.number("an item's weight")));
  }
  if (reader.left() > 0) return corrupt("something follows its end");
  model.index_ = index_of(std::move(names), index);
  model.build_panels();
  return model;
}

}  // namespace starcast::similar
