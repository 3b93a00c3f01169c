// How often unknown tokens may be asked about: guesses must neither reach the API in numbers nor keep a lecturer out.
#pragma once

#include <cstddef>
#include <deque>
#include <map>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "common/base/clock.h"

namespace lectern::proxy {

// Holds up to `burst` permits and gets `rate` new ones a second. Not thread-safe; times are Clock::Steady.
class PermitBucket {
 public:
  PermitBucket(double rate, double burst) : rate_(rate), burst_(burst), permits_(burst) {}
  bool Take(absl::Duration now);
  bool Full(absl::Duration now) const;

 private:
  double Level(absl::Duration now) const;

  const double rate_;
  const double burst_;
  double permits_;
  absl::Duration since_;
};

// Keys are hashes of tokens. Thread-safe. Memory is bounded.
class KnockGate {
 public:
  static constexpr absl::Duration kWrongFor = absl::Seconds(10);
  static constexpr int kAsksPerSecond = 50;
  static constexpr int kAsksPerSecondAndAddress = 10;
  // For those that came in vain before and come again: a lecturer's encoder does, so that a flood of ever new guesses, even from
  // the same address, does not keep it out.
  static constexpr int kRetriesPerSecond = 10;
  static constexpr size_t kMaxRemembered = 10000;

  explicit KnockGate(Clock& clock) : clock_(clock) {}

  enum class Verdict {
    kAsk,
    kWrong,   // was refused moments ago
    kLater,   // too many ask
  };
  // `known` tokens are always asked about.
  Verdict Look(const std::string& hash, absl::string_view peer, bool known);
  // The API has refused it.
  void Wrong(const std::string& hash);

 private:
  Verdict LookAtUnknown(const std::string& hash, absl::string_view peer, absl::Duration now)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  PermitBucket& BucketOf(absl::string_view peer, absl::Duration now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void TurnAway(const std::string& hash, absl::Duration now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  Clock& clock_;
  absl::Mutex mu_;
  std::map<std::string, absl::Duration> wrong_ ABSL_GUARDED_BY(mu_);         // until when
  std::map<std::string, absl::Duration> turned_away_ ABSL_GUARDED_BY(mu_);   // since when
  std::deque<std::string> turned_away_order_ ABSL_GUARDED_BY(mu_);
  std::map<std::string, PermitBucket> by_address_ ABSL_GUARDED_BY(mu_);
  PermitBucket all_ ABSL_GUARDED_BY(mu_){kAsksPerSecond, kAsksPerSecond};
  PermitBucket retries_ ABSL_GUARDED_BY(mu_){kRetriesPerSecond, kRetriesPerSecond};
};

}  // namespace lectern::proxy
