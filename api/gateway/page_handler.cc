#include "api/gateway/page_handler.h"

#include <functional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "api/gateway/answers.h"
#include "api/gateway/compression.h"
#include "api/gateway/pool_call.h"
#include "common/base/file.h"
#include "common/base/status.h"

namespace lectern::api {
namespace {

constexpr int kGzipLevel = 4;

// Media and pictures come from edges on other origins, and hls.js feeds media through blobs; everything else is our own.
constexpr char kPageHeaders[] =
    "Content-Type: text/html; charset=utf-8\r\n"
    "Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; manifest-src 'self'; "
    "img-src 'self' data: blob: http: https:; media-src blob: http: https:; connect-src 'self' http: https:; worker-src blob:; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'\r\n"
    "Permissions-Policy: camera=(), microphone=(), geolocation=(), payment=(), usb=(), browsing-topics=()\r\n"
    "Cross-Origin-Opener-Policy: same-origin\r\n"
    "Referrer-Policy: same-origin\r\n"
    "X-Content-Type-Options: nosniff\r\n";

}  // namespace

// What one answer is made from.
struct PageHandler::Visit {
  struct Datum {
    absl::string_view name;
    std::string target;
    Visitor visitor;
    CallHandler::Answered answer;
    bool decides_status = false;
  };
  const Entry* entry = nullptr;
  PageLook look;
  Visitor visitor;
  bool gzip = false;
  std::vector<Datum> data;
};

std::shared_ptr<const std::string> PageHeaders() {
  static const auto* headers = new std::shared_ptr<const std::string>(std::make_shared<const std::string>(kPageHeaders));
  return *headers;
}

absl::StatusOr<std::unique_ptr<PageHandler>> PageHandler::Load(PageTable table, const std::string& folder, CallHandler& handler,
                                                               ThreadPool& calls, Metrics& metrics) {
  std::unique_ptr<PageHandler> pages(new PageHandler(std::move(table), handler, calls));
  auto& seconds = metrics.Histogram("lectern_gateway_page_seconds", "Duration of making pages, by page");
  for (const WebPage& page : pages->table_.pages()) {
    ASSIGN_OR_RETURN(std::string html, ReadFile(absl::StrCat(folder, "/", page.file)));
    pages->entries_.push_back({&page, PageText(std::move(html)), &seconds.Add({{"page", page.path}}, LatencyBuckets())});
  }
  return pages;
}

const PageHandler::Entry* PageHandler::Find(const http::RequestHead& head, absl::string_view& wildcard) const {
  const WebPage* page = table_.Find(head.path, wildcard);
  if (page == nullptr) page = table_.not_found();
  return page == nullptr ? nullptr : &entries_[static_cast<size_t>(page - table_.pages().data())];
}

bool PageHandler::Has(const http::RequestHead& head) const {
  absl::string_view wildcard;
  if (table_.Find(head.path, wildcard) != nullptr) return true;
  // Programs and scripts that miss something are better served with a short error.
  return table_.not_found() != nullptr && head.method == "GET" && absl::StrContains(head.Find("Accept"), "text/html");
}

http::Awaitable<http::Response> PageHandler::Handle(const http::RequestHead& head) {
  if (head.method != "GET" && head.method != "HEAD") {
    http::Response response = ErrorAnswer(405, "UNIMPLEMENTED", "Pages answer GET and HEAD only.", "METHOD_NOT_ALLOWED");
    response.headers.emplace_back("Allow", "GET, HEAD");
    co_return response;
  }
  const absl::Time start = absl::Now();
  absl::string_view wildcard;
  Visit visit;
  visit.entry = Find(head, wildcard);
  visit.look = LookFor(head);
  visit.visitor = handler_.Read(head);
  visit.gzip = Accepts(head.Find("Accept-Encoding"), "gzip");
  const WebPage& page = *visit.entry->page;
  for (size_t i = 0; i < page.data.size(); ++i) {
    std::optional<std::string> target = page.data[i].address.Fill(wildcard, head.query);
    bool decides = page.status_datum == static_cast<int>(i);
    if (target) visit.data.push_back({page.data[i].name, *target, visit.visitor, CallHandler::AnsweredBy(ServerBusy()), decides});
  }
  std::vector<std::function<void()>> work;
  for (Visit::Datum& datum : visit.data) {
    work.push_back([this, &datum] { datum.answer = handler_.Get(datum.target, datum.visitor); });
  }
  http::Response response;
  auto compose = [&] { response = Compose(visit); };
  if (work.empty()) {
    compose();
  } else {
    co_await AllOnPool(calls_, std::move(work), compose);
  }
  visit.entry->seconds->Observe(absl::ToDoubleSeconds(absl::Now() - start));
  co_return response;
}

http::Response PageHandler::Compose(const Visit& visit) const {
  http::Response response;
  response.status = visit.entry->page == table_.not_found() ? 404 : 200;
  std::vector<EmbeddedDatum> data;
  bool ended = false;
  for (const Visit::Datum& datum : visit.data) {
    data.push_back({datum.name, datum.answer.status, datum.answer.json});
    ended = ended || datum.visitor.metadata.ended;
    if (!datum.decides_status) continue;
    response.status = datum.answer.status;
    if (datum.answer.retry_after) response.headers.emplace_back("Retry-After", RetryAfterText(*datum.answer.retry_after));
  }
  response.prepared_headers = PageHeaders();
  response.headers.emplace_back("Cache-Control", "private, no-store");
  if (ended && visit.visitor.by_cookie) response.headers.emplace_back("Set-Cookie", EndedSessionCookie(visit.visitor));
  std::string page = visit.entry->text.Render(visit.look, data);
  std::string coded = visit.gzip && page.size() > kWorthCompressing ? Gzip(page, kGzipLevel) : "";
  if (!coded.empty()) response.headers.emplace_back("Content-Encoding", "gzip");
  response.body = coded.empty() ? std::move(page) : std::move(coded);
  return response;
}

}  // namespace lectern::api
