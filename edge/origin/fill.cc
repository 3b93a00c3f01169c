#include "edge/origin/fill.h"

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

namespace lectern::edge {
namespace asio = boost::asio;
namespace {

void WakeAll(const std::vector<std::function<void()>>& wakes) {
  for (const std::function<void()>& wake : wakes) wake();
}

}  // namespace

FillView Fill::View() const {
  absl::MutexLock lock(&mu_);
  return view_;
}

// UINT64_MAX waits for the end, 0 with kFilling for the head.
bool Fill::IsDue(uint64_t filled, FillPhase phase) const {
  return view_.phase >= phase || (view_.phase == FillPhase::kFilling && view_.filled > filled);
}

http::Awaitable<void> Fill::Wait(uint64_t filled, FillPhase phase) {
  auto initiate = [this, filled, phase](auto handler) {
    auto executor = asio::get_associated_executor(handler);
    auto resume = std::make_shared<decltype(handler)>(std::move(handler));
    auto wake = [resume, executor] { asio::post(executor, [resume] { std::move (*resume)(); }); };
    {
      absl::MutexLock lock(&mu_);
      if (!IsDue(filled, phase)) {
        waiters_.push_back({filled, phase, wake});
        return;
      }
    }
    wake();
  };
  co_await asio::async_initiate<const asio::use_awaitable_t<>, void()>(initiate, asio::use_awaitable);
}

std::vector<std::function<void()>> Fill::TakeDue() {
  std::vector<std::function<void()>> due;
  size_t kept = 0;
  for (Waiter& waiter : waiters_) {
    if (IsDue(waiter.filled, waiter.phase)) {
      due.push_back(std::move(waiter.wake));
    } else {
      if (&waiters_[kept] != &waiter) waiters_[kept] = std::move(waiter);
      ++kept;
    }
  }
  waiters_.resize(kept);
  return due;
}

void Fill::StartBody(std::shared_ptr<const ObjectMeta> meta, bool has_size, std::shared_ptr<const Fd> file) {
  std::vector<std::function<void()>> due;
  {
    absl::MutexLock lock(&mu_);
    if (view_.phase != FillPhase::kAsking) return;
    view_.phase = FillPhase::kFilling;
    view_.meta = std::move(meta);
    view_.has_size = has_size;
    view_.file = std::move(file);
    due = TakeDue();
  }
  WakeAll(due);
}

void Fill::Advance(uint64_t filled) {
  std::vector<std::function<void()>> due;
  {
    absl::MutexLock lock(&mu_);
    view_.filled = filled;
    due = TakeDue();
  }
  WakeAll(due);
}

void Fill::Complete(CachedObject object, bool confirmed) {
  std::vector<std::function<void()>> due;
  {
    absl::MutexLock lock(&mu_);
    if (view_.phase >= FillPhase::kDone) return;
    view_.phase = FillPhase::kDone;
    view_.meta = object.meta;
    view_.has_size = true;
    view_.filled = object.meta->size;
    view_.object = std::move(object);
    view_.confirmed = confirmed;
    due = TakeDue();
  }
  WakeAll(due);
}

void Fill::Fail(FillFailure failure) {
  std::vector<std::function<void()>> due;
  {
    absl::MutexLock lock(&mu_);
    if (view_.phase >= FillPhase::kDone) return;
    view_.phase = FillPhase::kFailed;
    view_.failure = failure;
    due = TakeDue();
  }
  WakeAll(due);
}

void Fill::DropWaiters() {
  std::vector<Waiter> waiters;
  absl::MutexLock lock(&mu_);
  waiters.swap(waiters_);
}

}  // namespace lectern::edge
