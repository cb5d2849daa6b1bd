#include "serve/slots.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <thread>

#include "core/testing/manual_clock.h"
#include "serve/testing/fake_models.h"

namespace starcast::serve {
namespace {

using core::Error;
using core::ErrorCode;
using core::Result;
using testing::HasSubstr;
using testing::IsEmpty;

class SlotsTest : public testing::Test {
 protected:
  // What the slot answers for a row without cells: its bias.
  static double answer(const Version& version) {
    const std::unique_ptr<model::Rows> rows = version.model.scorer->make_rows();
    rows->add_row();
    model::RowScores scores;
    version.model.scorer->score(*rows, 0, 1, scores);
    return scores.values.front();
  }
  void add(const std::string& name, const std::string& uri, const std::string& shadow = "") {
    SlotRequest request;
    request.name = name;
    request.uri = uri;
    request.shadow = shadow;
    ASSERT_TRUE(slots_.add(request));
  }
  const Slot& slot() const { return slots_.first(); }

  FakeSource source_;
  core::ManualClock clock_;
  core::NullLog log_;
  Slots slots_{source_, clock_, log_};
};

TEST_F(SlotsTest, AnswersNothingBeforeTheFirstLoad) {
  add("rating", "m");
  EXPECT_EQ(slot().current(), nullptr);
  EXPECT_FALSE(slots_.is_ready());
}

TEST_F(SlotsTest, IsNotReadyWithoutSlots) {
  EXPECT_FALSE(slots_.is_ready());
}

TEST_F(SlotsTest, AnswersAfterALoad) {
  source_.put("m", 2.5);
  add("rating", "m");
  ASSERT_TRUE(slots_.load("rating"));
  ASSERT_NE(slot().current(), nullptr);
  EXPECT_EQ(answer(*slot().current()), 2.5);
  EXPECT_EQ(slot().current()->slot, "rating");
  EXPECT_TRUE(slots_.is_ready());
}

TEST_F(SlotsTest, RefusesASecondSlotOfOneName) {
  add("rating", "m");
  SlotRequest again;
  again.name = "rating";
  again.uri = "n";
  const Result<void> added = slots_.add(again);
  ASSERT_FALSE(added);
  EXPECT_EQ(added.error().code(), ErrorCode::kAlreadyExists);
}

TEST_F(SlotsTest, NamesASlotThatIsNotThere) {
  const Result<void> loaded = slots_.load("nobody");
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().code(), ErrorCode::kNotFound);
  EXPECT_THAT(loaded.error().message(), HasSubstr("nobody"));
}

TEST_F(SlotsTest, FindsSlotsByName) {
  add("a", "m");
  add("b", "n");
  EXPECT_EQ(slots_.find("b")->uri(), "n");
  EXPECT_EQ(slots_.find("c"), nullptr);
  EXPECT_EQ(slots_.first().name(), "a");
  EXPECT_EQ(slots_.all().size(), 2U);
}

TEST_F(SlotsTest, IsReadyOnlyWhenAllAnswer) {
  source_.put("m", 1);
  add("a", "m");
  add("b", "n");
  ASSERT_TRUE(slots_.load("a"));
  EXPECT_FALSE(slots_.is_ready());
}

TEST_F(SlotsTest, RefreshTakesWhatChanged) {
  source_.put("m", 1);
  add("a", "m");
  ASSERT_TRUE(slots_.load("a"));
  source_.put("m", 2);
  slots_.refresh();
  EXPECT_EQ(answer(*slot().current()), 2);
  EXPECT_EQ(slot().current()->generation, 2U);
  EXPECT_EQ(slot().status().loads, 2U);
  EXPECT_EQ(slot().status().version, "2");
}

TEST_F(SlotsTest, RefreshLeavesWhatDidNotChange) {
  source_.put("m", 1);
  add("a", "m");
  ASSERT_TRUE(slots_.load("a"));
  const std::shared_ptr<const Version> before = slot().current();
  slots_.refresh();
  EXPECT_EQ(slot().current().get(), before.get());
  EXPECT_EQ(source_.loads("m"), 1);
}

TEST_F(SlotsTest, AFailedLoadKeepsTheOldVersionAndSaysWhy) {
  source_.put("m", 1);
  add("a", "m");
  ASSERT_TRUE(slots_.load("a"));
  source_.put("m", []() -> Result<std::shared_ptr<const model::RowScorer>> {
    return Error(ErrorCode::kCorrupt, "golden row 3 differs");
  });
  slots_.refresh();
  EXPECT_EQ(answer(*slot().current()), 1);
  const SlotStatus status = slot().status();
  EXPECT_TRUE(status.is_ready);
  EXPECT_FALSE(status.is_loading);
  EXPECT_EQ(status.refused, 1U);
  EXPECT_EQ(status.version, "1");
  EXPECT_THAT(status.failure, HasSubstr("golden row 3"));
}

TEST_F(SlotsTest, WhatWasRefusedIsNotTriedAgain) {
  add("a", "m");
  source_.put("m", []() -> Result<std::shared_ptr<const model::RowScorer>> {
    return Error(ErrorCode::kCorrupt, "broken");
  });
  EXPECT_FALSE(slots_.load("a"));
  slots_.refresh();
  slots_.refresh();
  EXPECT_EQ(source_.loads("m"), 1);
}

TEST_F(SlotsTest, TheNextVersionAfterARefusedOneIsTaken) {
  add("a", "m");
  source_.put("m", []() -> Result<std::shared_ptr<const model::RowScorer>> {
    return Error(ErrorCode::kCorrupt, "broken");
  });
  EXPECT_FALSE(slots_.load("a"));
  source_.put("m", 3);
  slots_.refresh();
  EXPECT_EQ(answer(*slot().current()), 3);
  EXPECT_THAT(slot().status().failure, IsEmpty());
}

TEST_F(SlotsTest, WhatDidNotAnswerIsTriedAgain) {
  add("a", "m");
  int calls = 0;
  source_.put("m", [&calls]() -> Result<std::shared_ptr<const model::RowScorer>> {
    if (++calls == 1) return Error(ErrorCode::kUnavailable, "no connection");
    return std::shared_ptr<const model::RowScorer>(std::make_shared<FakeScorer>(4));
  });
  EXPECT_FALSE(slots_.load("a"));
  slots_.refresh();
  ASSERT_NE(slot().current(), nullptr);
  EXPECT_EQ(answer(*slot().current()), 4);
}

TEST_F(SlotsTest, AModelThatAppearsLaterIsTaken) {
  add("a", "m");
  EXPECT_FALSE(slots_.load("a"));
  EXPECT_THAT(slot().status().failure, HasSubstr("no such model"));
  source_.put("m", 5);
  slots_.refresh();
  ASSERT_NE(slot().current(), nullptr);
  EXPECT_EQ(answer(*slot().current()), 5);
}

TEST_F(SlotsTest, ASlotThatWasNeverLoadedIsNotRefreshed) {
  source_.put("m", 5);
  add("a", "m");
  slots_.refresh();
  EXPECT_EQ(slot().current(), nullptr);
}

TEST_F(SlotsTest, ARegistryThatIsAwayChangesNothingButTheStatus) {
  source_.put("m", 1);
  add("a", "m");
  ASSERT_TRUE(slots_.load("a"));
  source_.fail_pin("m", Error(ErrorCode::kUnavailable, "no connection to the registry"));
  slots_.refresh();
  const SlotStatus status = slot().status();
  EXPECT_TRUE(status.is_ready);
  EXPECT_THAT(status.failure, IsEmpty());
  EXPECT_THAT(status.watch_failure, HasSubstr("no connection"));
}

TEST_F(SlotsTest, AnExceptionOfALoadIsAFailedLoad) {
  add("a", "m");
  source_.put("m", []() -> Result<std::shared_ptr<const model::RowScorer>> { throw std::bad_alloc(); });
  const Result<void> loaded = slots_.load("a");
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().code(), ErrorCode::kInternal);
}

TEST_F(SlotsTest, AModelThatContradictsItselfIsRefused) {
  add("a", "m");
  source_.put("m", []() -> Result<std::shared_ptr<const model::RowScorer>> {
    auto scorer = std::make_shared<FakeScorer>(1);
    scorer->is_fickle = true;
    return std::shared_ptr<const model::RowScorer>(std::move(scorer));
  });
  const Result<void> loaded = slots_.load("a");
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().code(), ErrorCode::kCorrupt);
  EXPECT_THAT(loaded.error().message(), HasSubstr("self-test"));
}

TEST_F(SlotsTest, TheInputExampleIsScoredBeforeAVersionAnswers) {
  for (const char* const body :
       {R"({"dataframe_split": {"columns": ["b", "x", "a"], "data": [[2, 9, 1], [null, 9, "text"]]}})",
        R"({"dataframe_records": [{"a": 1, "b": 2}, {"x": 9}]})", R"({"inputs": [[1, 2], []]})"}) {
    FakeSource source;
    Slots slots(source, clock_, log_);
    std::vector<std::size_t> missing;
    source.put("m", [&missing]() -> Result<std::shared_ptr<const model::RowScorer>> {
      auto scorer = std::make_shared<FakeScorer>(1);
      scorer->on_rows = [&missing, one = scorer.get()](const model::Rows& rows) {
        model::ColumnCounts counts;
        counts.missing.resize(2);
        one->count_columns(rows, 0, rows.size(), counts);
        missing.assign(counts.missing.begin(), counts.missing.end());
        missing.push_back(rows.size());
      };
      return std::shared_ptr<const model::RowScorer>(std::move(scorer));
    });
    source.set_input_example(codec::parse_json(body).value());
    SlotRequest request;
    request.uri = "m";
    ASSERT_TRUE(slots.add(request));
    ASSERT_TRUE(slots.load("m"));
    EXPECT_EQ(missing, (std::vector<std::size_t>{1, 1, 2})) << body;
  }
}

TEST_F(SlotsTest, UnloadedNothingAnswersUntilTheNextLoad) {
  source_.put("m", 1);
  add("a", "m");
  ASSERT_TRUE(slots_.load("a"));
  ASSERT_TRUE(slots_.unload("a"));
  EXPECT_EQ(slot().current(), nullptr);
  slots_.refresh();
  EXPECT_EQ(slot().current(), nullptr);
  ASSERT_TRUE(slots_.load("a"));
  EXPECT_NE(slot().current(), nullptr);
}

TEST_F(SlotsTest, ASwappedVersionIsFreedByItsLastRequest) {
  source_.put("m", 1);
  add("a", "m");
  ASSERT_TRUE(slots_.load("a"));
  std::shared_ptr<const Version> request = slot().current();
  const std::weak_ptr<const model::RowScorer> scorer = request->model.scorer;
  source_.put("m", 2);
  slots_.refresh();
  EXPECT_FALSE(scorer.expired());
  EXPECT_EQ(answer(*request), 1);
  request.reset();
  EXPECT_TRUE(scorer.expired());
}

TEST_F(SlotsTest, AThreadThatAskedAndWaitsKeepsNoVersion) {
  source_.put("m", 1);
  add("a", "m");
  ASSERT_TRUE(slots_.load("a"));
  const std::weak_ptr<const model::RowScorer> scorer = slot().current()->model.scorer;
  std::promise<void> asked;
  std::promise<void> may_end;
  std::thread idle([&] {
    static_cast<void>(slot().current());
    asked.set_value();
    may_end.get_future().wait();
  });
  asked.get_future().wait();
  source_.put("m", 2);
  slots_.refresh();
  EXPECT_TRUE(scorer.expired());
  may_end.set_value();
  idle.join();
}

TEST_F(SlotsTest, AnsweringThreadsSeeWholeVersionsOnlyAndNeverNone) {
  source_.put("m", 0);
  add("a", "m");
  ASSERT_TRUE(slots_.load("a"));
  std::atomic<bool> stop{false};
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      double last = 0;
      while (!stop.load()) {
        const std::shared_ptr<const Version> version = slot().current();
        if (!version) {
          ++wrong;
          continue;
        }
        // Versions follow each other: what came later is never replaced by what came before.
        const double value = answer(*version);
        if (value < last || value + 1 != static_cast<double>(version->generation)) ++wrong;
        last = value;
      }
    });
  }
  for (int i = 1; i < 200; ++i) {
    source_.put("m", i);
    slots_.refresh();
  }
  stop = true;
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong.load(), 0);
  EXPECT_EQ(answer(*slot().current()), 199);
}

TEST_F(SlotsTest, RemembersMoreSlotsThanAThreadDoes) {
  for (int i = 0; i < 20; ++i) {
    const std::string name = std::to_string(i);
    source_.put(name, i);
    add(name, name);
    ASSERT_TRUE(slots_.load(name));
  }
  for (int round = 0; round < 2; ++round) {
    for (int i = 0; i < 20; ++i) EXPECT_EQ(answer(*slots_.find(std::to_string(i))->current()), i);
  }
}

TEST_F(SlotsTest, AShadowStandsBeside) {
  source_.put("m", 1);
  source_.put("next", 2);
  add("a", "m", "next");
  ASSERT_TRUE(slots_.load("a"));
  ASSERT_NE(slot().shadow(), nullptr);
  EXPECT_EQ(answer(*slot().shadow()), 2);
  EXPECT_EQ(answer(*slot().current()), 1);
}

TEST_F(SlotsTest, AShadowThatFailsIsOnlyTold) {
  source_.put("m", 1);
  add("a", "m", "next");
  ASSERT_TRUE(slots_.load("a"));
  EXPECT_EQ(slot().shadow(), nullptr);
  EXPECT_THAT(slot().status().shadow_failure, HasSubstr("no such model"));
  source_.put("next", 2);
  slots_.refresh();
  EXPECT_NE(slot().shadow(), nullptr);
}

TEST_F(SlotsTest, AShadowGetsItsShare) {
  source_.put("m", 1);
  source_.put("next", 2);
  SlotRequest request;
  request.name = "a";
  request.uri = "m";
  request.shadow = "next";
  request.shadow_share = 0.25;
  ASSERT_TRUE(slots_.add(request));
  ASSERT_TRUE(slots_.load("a"));
  int scored = 0;
  for (int i = 0; i < 100; ++i) scored += slot().shadow() ? 1 : 0;
  EXPECT_EQ(scored, 25);
}

TEST(SlotNameOf, IsTheNameInTheUri) {
  EXPECT_EQ(slot_name_of("models:/rating@champion"), "rating");
  EXPECT_EQ(slot_name_of("models:/rating/3"), "rating");
  EXPECT_EQ(slot_name_of("models:/m-0123456789abcdef0123456789abcdef"), "model");
  EXPECT_EQ(slot_name_of("runs:/0123/model"), "model");
  EXPECT_EQ(slot_name_of("out/rating/"), "rating");
  EXPECT_EQ(slot_name_of("file:///tmp/rating"), "rating");
  EXPECT_EQ(slot_name_of("mlartifacts/1/models/m-1/artifacts"), "model");
  EXPECT_EQ(slot_name_of("."), "model");
  EXPECT_EQ(slot_name_of(""), "model");
}

}  // namespace
}  // namespace starcast::serve
