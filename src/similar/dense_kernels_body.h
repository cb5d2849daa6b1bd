// The functions of DenseKernels, included once by each variant's file inside a namespace of its own. The file
// defines STARCAST_LANES (floats in a register), STARCAST_TILE_PANELS and STARCAST_TILE_COLUMNS (the tile
// held in registers).
#pragma once

typedef float Lanes __attribute__((vector_size(4 * STARCAST_LANES), aligned(4), may_alias));
typedef int Masks __attribute__((vector_size(4 * STARCAST_LANES), aligned(4), may_alias));

constexpr std::size_t kVectors = kPanelRows / STARCAST_LANES;
constexpr std::size_t kTilePanels = STARCAST_TILE_PANELS;
constexpr std::size_t kTileColumns = STARCAST_TILE_COLUMNS;

inline __attribute__((always_inline)) Lanes* lanes(float* at) {
  return reinterpret_cast<Lanes*>(at);
}
inline __attribute__((always_inline)) const Lanes* lanes(const float* at) {
  return reinterpret_cast<const Lanes*>(at);
}

// c -= a * b' for `Panels` panels of a and kTileColumns rows of b; the sums stay in registers.
template <std::size_t Panels>
inline __attribute__((always_inline)) void subtract_tile(const float* const* a, const float* b,
                                                         float* const* c) {
  Lanes sums[Panels * kVectors][kTileColumns] = {};
  for (std::size_t k = 0; k < kBlockSize; ++k) {
    Lanes left[Panels * kVectors];
    STARCAST_UNROLL
    for (std::size_t p = 0; p < Panels; ++p) {
      STARCAST_UNROLL
      for (std::size_t v = 0; v < kVectors; ++v) left[p * kVectors + v] = lanes(a[p] + k * kPanelRows)[v];
    }
    STARCAST_UNROLL
    for (std::size_t j = 0; j < kTileColumns; ++j) {
      const float right = b[k * kPanelRows + j];
      STARCAST_UNROLL
      for (std::size_t v = 0; v < Panels * kVectors; ++v) sums[v][j] += left[v] * right;
    }
  }
  STARCAST_UNROLL
  for (std::size_t p = 0; p < Panels; ++p) {
    STARCAST_UNROLL
    for (std::size_t j = 0; j < kTileColumns; ++j) {
      STARCAST_UNROLL
      for (std::size_t v = 0; v < kVectors; ++v) lanes(c[p] + j * kPanelRows)[v] -= sums[p * kVectors + v][j];
    }
  }
}

template <std::size_t Panels>
inline __attribute__((always_inline)) void subtract_rows(const float* const* a, const float* const* b,
                                                         float* const* c) {
  for (std::size_t panel = 0; panel < kPanelsPerBlock; ++panel) {
    for (std::size_t j = 0; j < kPanelRows; j += kTileColumns) {
      float* places[Panels];
      for (std::size_t p = 0; p < Panels; ++p) places[p] = c[p] + (panel * kPanelRows + j) * kPanelRows;
      subtract_tile<Panels>(a, b[panel] + j, places);
    }
  }
}

void subtract_product(const float* const* a, const float* const* b, float* const* c, std::size_t panels) {
  std::size_t p = 0;
  for (; p + kTilePanels <= panels; p += kTilePanels) subtract_rows<kTilePanels>(a + p, b, c + p);
  for (; p < panels; ++p) subtract_rows<1>(a + p, b, c + p);
}

void solve_block(const float* l, const float* reciprocals, float* c) {
  for (std::size_t j = 0; j < kBlockSize; ++j) {
    Lanes solved[kVectors];
    for (std::size_t v = 0; v < kVectors; ++v) {
      solved[v] = lanes(c + j * kPanelRows)[v] * reciprocals[j];
      lanes(c + j * kPanelRows)[v] = solved[v];
    }
    for (std::size_t m = j + 1; m < kBlockSize; ++m) {
      const float factor = l[m * kBlockSize + j];
      STARCAST_UNROLL
      for (std::size_t v = 0; v < kVectors; ++v) lanes(c + m * kPanelRows)[v] -= solved[v] * factor;
    }
  }
}

void kernel_values(const KernelTerms& terms, const ItemPanels& items, std::size_t panels, const float* item,
                   const float* cosines, float* values) {
  const std::size_t core_end = items.labels + items.core_columns;
  const std::size_t columns = core_end + items.other_columns;
  for (std::size_t panel = 0; panel < panels; ++panel) {
    const float* at = items.panels + panel * columns * kPanelRows;
    for (std::size_t v = 0; v < kVectors; ++v) {
      Lanes distance = {};
      std::size_t column = items.labels;
      for (; column < core_end; ++column) {
        const Lanes difference = lanes(at + column * kPanelRows)[v] - item[column];
        distance += difference * difference;
      }
      const Lanes core_root = 1.0F / (1.0F + distance * 0.25F);
      for (; column < columns; ++column) {
        const Lanes difference = lanes(at + column * kPanelRows)[v] - item[column];
        distance += difference * difference;
      }
      const Lanes narrow = 1.0F / (1.0F + distance);
      const Lanes wide = 1.0F / (1.0F + distance * (1.0F / 9.0F));
      const Lanes name = lanes(cosines + panel * kPanelRows)[v];
      const Lanes squared = name * name;
      Lanes value = terms.constant + terms.wide * wide + terms.core * (core_root * core_root);
      for (std::size_t label = 0; label < items.labels; ++label) {
        const Lanes term =
            terms.label[label] + (terms.label_wide[label] + terms.label_name[label] * name) * wide;
        const Masks equal = lanes(at + label * kPanelRows)[v] == item[label];
        value += reinterpret_cast<const Lanes&>(
            static_cast<const Masks&>(equal & reinterpret_cast<const Masks&>(term)));
      }
      value += name * (terms.name + terms.name_narrow * narrow);
      value += squared * (terms.name_squared + terms.name_fourth * squared + terms.name_squared_wide * wide);
      lanes(values + panel * kPanelRows)[v] = value;
    }
  }
}
