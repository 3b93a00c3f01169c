#include "api/gateway/pool_call.h"

#include <atomic>
#include <boost/asio/async_result.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <memory>
#include <utility>

#include "common/base/retry_after.h"
#include "common/base/status.h"

namespace lectern::api {

namespace asio = boost::asio;

absl::Status ServerBusy() {
  absl::Status busy = WithReason(absl::ResourceExhaustedError("the server is busy; try again in a moment"), "SERVER_BUSY");
  return WithRetryAfter(busy, absl::Seconds(1));
}

http::Awaitable<absl::Status> OnPool(ThreadPool& pool, std::function<absl::Status()> work) {
  bool ran = false;
  absl::Status status = co_await http::RunBlocking(pool, [&ran, work = std::move(work)] {
    ran = true;
    return work();
  });
  co_return ran ? status : ServerBusy();
}

http::Awaitable<void> AllOnPool(ThreadPool& pool, std::vector<std::function<void()>> work, std::function<void()> last) {
  asio::any_io_executor executor = co_await asio::this_coro::executor;
  auto initiate = [&pool, &work, &last, executor](auto handler) {
    // std::function wants copies, the handler has none.
    auto resume = std::make_shared<decltype(handler)>(std::move(handler));
    // One more than pieces of work: none can be the last before all are handed over.
    auto left = std::make_shared<std::atomic<size_t>>(work.size() + 1);
    // Shared, and taken along by the last: once the handler has run, the server may be gone before the work is forgotten.
    auto guard = std::make_shared<decltype(asio::make_work_guard(executor))>(asio::make_work_guard(executor));
    auto done = [resume, left, guard, executor, &last] {
      if (left->fetch_sub(1) != 1) return;
      last();
      asio::post(executor, [resume, guard = std::move(*guard)] { std::move (*resume)(); });
    };
    for (std::function<void()>& piece : work) {
      bool taken = pool.TryRun([&piece, done] {
        piece();
        done();
      });
      if (!taken) done();
    }
    done();
  };
  co_await asio::async_initiate<const asio::use_awaitable_t<>, void()>(initiate, asio::use_awaitable);
}

}  // namespace lectern::api
