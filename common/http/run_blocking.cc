#include <boost/asio/async_result.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

#include "common/http/server.h"

namespace lectern::http {
namespace asio = boost::asio;

Awaitable<absl::Status> RunBlocking(ThreadPool& pool, std::function<absl::Status()> work) {
  asio::any_io_executor executor = co_await asio::this_coro::executor;
  auto initiate = [&pool, executor](auto handler, std::function<absl::Status()> work) {
    // std::function wants copies, the handler has none.
    auto resume = std::make_shared<decltype(handler)>(std::move(handler));
    auto guard = asio::make_work_guard(executor);
    bool taken = pool.TryRun([resume, guard, executor, work = std::move(work)]() mutable {
      absl::Status status = work();
      // The guard goes along: once the handler has run, the server may be gone before this piece of work is forgotten.
      asio::post(executor, [resume = std::move(resume), guard = std::move(guard), status = std::move(status)]() mutable {
        std::move (*resume)(std::move(status));
      });
    });
    if (taken) return;
    asio::post(executor,
               [resume] { std::move (*resume)(absl::ResourceExhaustedError("too many requests are waiting")); });
  };
  co_return co_await asio::async_initiate<const asio::use_awaitable_t<>, void(absl::Status)>(
      initiate, asio::use_awaitable, std::move(work));
}

}  // namespace lectern::http
