// Matchers for absl::Status and absl::StatusOr, which Debian's Abseil lacks.
#pragma once

#include <gmock/gmock.h>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/base/status.h"

namespace lectern::testing {

inline const absl::Status& StatusOf(const absl::Status& status) { return status; }
template <typename T>
const absl::Status& StatusOf(const absl::StatusOr<T>& result) {
  return result.status();
}

MATCHER(IsOk, "is OK") {
  *result_listener << StatusOf(arg).ToString();
  return StatusOf(arg).ok();
}

MATCHER_P(StatusIs, code, "") {
  *result_listener << StatusOf(arg).ToString();
  return StatusOf(arg).code() == code;
}

MATCHER_P2(StatusIs, code, reason, "") {
  *result_listener << StatusOf(arg).ToString();
  return StatusOf(arg).code() == code && ReasonOf(StatusOf(arg)) == reason;
}

}  // namespace lectern::testing

#define LECTERN_TEST_CONCAT_(a, b) a##b
#define LECTERN_TEST_CONCAT(a, b) LECTERN_TEST_CONCAT_(a, b)
#define ASSERT_OK(expression) ASSERT_THAT(expression, ::lectern::testing::IsOk())
#define EXPECT_OK(expression) EXPECT_THAT(expression, ::lectern::testing::IsOk())
#define ASSERT_OK_AND_ASSIGN(target, expression) \
  LECTERN_ASSERT_OK_AND_ASSIGN_(LECTERN_TEST_CONCAT(result_, __LINE__), target, expression)
#define LECTERN_ASSERT_OK_AND_ASSIGN_(result, target, expression) \
  auto result = (expression);                                     \
  ASSERT_THAT(result, ::lectern::testing::IsOk());                \
  target = *std::move(result)
