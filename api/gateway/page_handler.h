// Answers the pages' addresses: HTML with what the page shows first already in it. Includes Asio: internal to this room.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "api/gateway/call_handler.h"
#include "api/gateway/page_table.h"
#include "api/gateway/page_text.h"
#include "api/gateway/visitor.h"
#include "common/exec/thread_pool.h"
#include "common/http/server.h"
#include "common/metrics/metrics.h"

namespace lectern::api {

// Headers that every page has, as a block: the policy, and what a page may not do.
std::shared_ptr<const std::string> PageHeaders();

// Thread-safe.
class PageHandler {
 public:
  // Reads the pages of `table` from `folder`. Error: kNotFound for a file that is not there.
  static absl::StatusOr<std::unique_ptr<PageHandler>> Load(PageTable table, const std::string& folder, CallHandler& handler,
                                                           ThreadPool& calls, Metrics& metrics);

  // Whether `head` asks for a page, or for what is not there in a way that wants a page as its answer.
  bool Has(const http::RequestHead& head) const;

  // For what Has says yes to. The calls for the page's data run side by side, with the rights and limits of the visitor.
  http::Awaitable<http::Response> Handle(const http::RequestHead& head);

 private:
  struct Entry {
    const WebPage* page = nullptr;
    PageText text;
    prometheus::Histogram* seconds = nullptr;
  };
  struct Visit;

  PageHandler(PageTable table, CallHandler& handler, ThreadPool& calls)
      : table_(std::move(table)), handler_(handler), calls_(calls) {}
  const Entry* Find(const http::RequestHead& head, absl::string_view& wildcard) const;
  http::Response Compose(const Visit& visit) const;

  const PageTable table_;
  CallHandler& handler_;
  ThreadPool& calls_;
  std::vector<Entry> entries_;   // as the table's pages
};

}  // namespace lectern::api
