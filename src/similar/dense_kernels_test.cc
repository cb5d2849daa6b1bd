#include "similar/dense_kernels.h"

#include <vector>

#include <gtest/gtest.h>

#include "core/random.h"

namespace starcast::similar {
namespace {

std::vector<float> random_floats(std::size_t count, core::Random& random) {
  std::vector<float> result;
  for (std::size_t i = 0; i < count; ++i) result.push_back(static_cast<float>(random.uniform() - 0.5));
  return result;
}

// Eight panels of one block, and pointers to them.
struct Block {
  explicit Block(std::vector<float> filled) : values(std::move(filled)) {
    for (std::size_t p = 0; p < kPanelsPerBlock; ++p) panels[p] = values.data() + p * kPanelBlockFloats;
  }
  Block(const Block&) = delete;
  Block& operator=(const Block&) = delete;
  float at(std::size_t row, std::size_t column) const {
    return panels[row / kPanelRows][column * kPanelRows + row % kPanelRows];
  }

  std::vector<float> values;
  float* panels[kPanelsPerBlock];
};

std::vector<float> product_subtracted(const DenseKernels& kernels, std::size_t panels) {
  core::Random random(3);
  Block a(random_floats(kPanelBlockFloats * kPanelsPerBlock, random));
  Block b(random_floats(kPanelBlockFloats * kPanelsPerBlock, random));
  Block c(random_floats(kPanelBlockFloats * kPanelsPerBlock, random));
  kernels.subtract_product(a.panels, b.panels, c.panels, panels);
  return c.values;
}

TEST(DenseKernels, SubtractsTheProductWithTheTransposedBlock) {
  core::Random random(3);
  Block a(random_floats(kPanelBlockFloats * kPanelsPerBlock, random));
  Block b(random_floats(kPanelBlockFloats * kPanelsPerBlock, random));
  const Block before(random_floats(kPanelBlockFloats * kPanelsPerBlock, random));

  const Block after(product_subtracted(dense_kernels(), kPanelsPerBlock));

  for (std::size_t row = 0; row < kBlockSize; row += 7) {
    for (std::size_t column = 0; column < kBlockSize; column += 5) {
      double expected = static_cast<double>(before.at(row, column));
      for (std::size_t k = 0; k < kBlockSize; ++k) {
        expected -= static_cast<double>(a.at(row, k)) * static_cast<double>(b.at(column, k));
      }
      ASSERT_NEAR(static_cast<double>(after.at(row, column)), expected, 1e-5) << row << ' ' << column;
    }
  }
}

TEST(DenseKernels, LeavesPanelsBeyondTheCountAlone) {
  const std::vector<float> all = product_subtracted(dense_kernels(), kPanelsPerBlock);
  const std::vector<float> three = product_subtracted(dense_kernels(), 3);

  EXPECT_TRUE(std::equal(three.begin(), three.begin() + 3 * kPanelBlockFloats, all.begin()));
  EXPECT_NE(three[3 * kPanelBlockFloats], all[3 * kPanelBlockFloats]);
}

std::vector<float> block_solved(const DenseKernels& kernels) {
  core::Random random(4);
  std::vector<float> l = random_floats(kBlockSize * kBlockSize, random);
  std::vector<float> reciprocals;
  for (std::size_t i = 0; i < kBlockSize; ++i) {
    l[i * kBlockSize + i] += 20.0F;
    reciprocals.push_back(1.0F / l[i * kBlockSize + i]);
  }
  std::vector<float> c = random_floats(kPanelBlockFloats, random);
  kernels.solve_block(l.data(), reciprocals.data(), c.data());
  return c;
}

TEST(DenseKernels, SolvesByTheTransposedTriangle) {
  core::Random random(4);
  std::vector<float> l = random_floats(kBlockSize * kBlockSize, random);
  for (std::size_t i = 0; i < kBlockSize; ++i) l[i * kBlockSize + i] += 20.0F;
  const std::vector<float> right = random_floats(kPanelBlockFloats, random);

  const std::vector<float> x = block_solved(dense_kernels());

  for (std::size_t row = 0; row < kPanelRows; ++row) {
    for (std::size_t column = 0; column < kBlockSize; ++column) {
      double sum = 0;
      for (std::size_t k = 0; k <= column; ++k) {
        sum += static_cast<double>(x[k * kPanelRows + row]) * static_cast<double>(l[column * kBlockSize + k]);
      }
      ASSERT_NEAR(sum, static_cast<double>(right[column * kPanelRows + row]), 1e-5);
    }
  }
}

std::vector<float> values_of(const DenseKernels& kernels) {
  core::Random random(5);
  const std::size_t panels = 5;
  const ItemPanels shape{nullptr, 1, 2, 3};
  std::vector<float> items = random_floats(panels * kPanelRows * 6, random);
  for (std::size_t panel = 0; panel < panels; ++panel) {
    for (std::size_t lane = 0; lane < kPanelRows; ++lane)
      items[panel * 6 * kPanelRows + lane] = static_cast<float>(lane % 3);
  }
  std::vector<float> item = random_floats(6, random);
  item[0] = 1.0F;
  const std::vector<float> cosines = random_floats(panels * kPanelRows, random);
  KernelTerms terms{0.1F, 0.2F, 0.3F, 0.4F, 0.5F, 0.6F, 0.7F, 0.8F, {0.9F}, {1.0F}, {1.1F}};
  std::vector<float> values(panels * kPanelRows);
  kernels.kernel_values(terms,
                        ItemPanels{items.data(), shape.labels, shape.core_columns, shape.other_columns},
                        panels, item.data(), cosines.data(), values.data());
  return values;
}

TEST(DenseKernels, ComputesTheKernelAsItsHeaderSays) {
  const float item_panel[3 * kPanelRows] = {};  // label 0, core column 0, other column 0
  const float same[3] = {0.0F, 3.0F, 4.0F};     // core distance 9, whole distance 25
  const float other_label[3] = {7.0F, 3.0F, 4.0F};
  std::vector<float> cosines(kPanelRows, 0.5F);
  const KernelTerms terms{1.0F, 2.0F, 3.0F, 4.0F, 5.0F, 6.0F, 7.0F, 8.0F, {9.0F}, {10.0F}, {11.0F}};
  std::vector<float> values(kPanelRows);

  const double narrow = 1.0 / 26;
  const double wide = 1.0 / (1 + 25.0 / 9);
  const double core = 1.0 / (1 + 9.0 / 4) / (1 + 9.0 / 4);
  const double without_label =
      1 + 2 * wide + 3 * core + 4 * 0.5 + 5 * 0.25 + 6 * 0.0625 + 7 * 0.5 * narrow + 8 * 0.25 * wide;

  dense_kernels().kernel_values(terms, ItemPanels{item_panel, 1, 1, 1}, 1, other_label, cosines.data(),
                                values.data());
  EXPECT_NEAR(static_cast<double>(values[3]), without_label, 1e-5);
  dense_kernels().kernel_values(terms, ItemPanels{item_panel, 1, 1, 1}, 1, same, cosines.data(),
                                values.data());
  EXPECT_NEAR(static_cast<double>(values[3]), without_label + 9 + 10 * wide + 11 * 0.5 * wide, 1e-5);
}

TEST(DenseKernels, AreTheSameBitsInEachVariant) {
  const DenseKernelsList list = usable_dense_kernels();

  for (std::size_t i = 1; i < list.count; ++i) {
    EXPECT_EQ(product_subtracted(*list.items[0], 7), product_subtracted(*list.items[i], 7))
        << list.items[i]->name;
    EXPECT_EQ(block_solved(*list.items[0]), block_solved(*list.items[i])) << list.items[i]->name;
    EXPECT_EQ(values_of(*list.items[0]), values_of(*list.items[i])) << list.items[i]->name;
  }
}

}  // namespace
}  // namespace starcast::similar
