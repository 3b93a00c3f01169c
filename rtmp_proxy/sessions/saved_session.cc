#include "rtmp_proxy/sessions/saved_session.h"

#include <filesystem>
#include <optional>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "common/base/file.h"
#include "common/base/status.h"
#include "common/base/text.h"

namespace lectern::proxy {
namespace {

// Fields come from the network: none may begin a line of its own.
std::string Line(absl::string_view name, absl::string_view value) {
  return absl::StrCat(name, " ", absl::StrReplaceAll(value, {{"\n", " "}, {"\r", " "}}), "\n");
}

std::optional<SavedSession> Parse(absl::string_view text) {
  std::map<std::string, std::string> fields;
  for (absl::string_view line : absl::StrSplit(text, '\n', absl::SkipEmpty())) {
    fields.insert(absl::StrSplit(line, absl::MaxSplits(' ', 1)));
  }
  SavedSession session;
  session.stream = fields["stream"];
  session.lecture = fields["lecture"];
  session.view = fields["view"];
  session.token_hash = fields["token_hash"];
  session.peer = fields["peer"];
  bool numbers = absl::SimpleAtoi(fields["start_ms"], &session.start_ms) &&
                 absl::SimpleAtoi(fields["api_ahead_ms"], &session.api_ahead_ms);
  bool named = session.stream.empty() || ParseName(session.stream, "liveStreams").has_value();
  if (!numbers || !named || session.view.empty()) return std::nullopt;
  return session;
}

}  // namespace

absl::Status SessionFolder::Save(const std::string& name, const SavedSession& session) const {
  RETURN_IF_ERROR(MakeDirectories(path_, 0700));
  std::string text = absl::StrCat(Line("stream", session.stream), Line("lecture", session.lecture), Line("view", session.view),
                                  Line("token_hash", session.token_hash), Line("peer", session.peer),
                                  Line("start_ms", absl::StrCat(session.start_ms)),
                                  Line("api_ahead_ms", absl::StrCat(session.api_ahead_ms)));
  return WriteFileAtomically(absl::StrCat(path_, "/", name), text, 0600);
}

void SessionFolder::Remove(const std::string& name) const {
  std::error_code ignored;
  std::filesystem::remove(absl::StrCat(path_, "/", name), ignored);
}

std::map<std::string, SavedSession> SessionFolder::LoadAll() const {
  std::map<std::string, SavedSession> sessions;
  std::vector<std::string> damaged;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(path_, error)) {
    std::string name = entry.path().filename().string();
    absl::StatusOr<std::string> text = ReadFile(entry.path().string(), 64 << 10);
    std::optional<SavedSession> session = text.ok() ? Parse(*text) : std::nullopt;
    if (session) {
      sessions.emplace(name, *session);
    } else {
      damaged.push_back(name);
    }
  }
  for (const std::string& name : damaged) Remove(name);
  return sessions;
}

}  // namespace lectern::proxy
