#include "api/services/log_text.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace lectern::api {
namespace {

constexpr char kHidden[] = "***";
constexpr absl::string_view kSecretWords[] = {"password", "passwd", "pass",  "token",      "secret",
                                              "key",      "auth",   "credential", "authorization", "cookie"};

bool IsSpace(char c) { return absl::ascii_isspace(static_cast<unsigned char>(c)); }
bool IsTokenCharacter(char c) { return absl::ascii_isalnum(static_cast<unsigned char>(c)) || absl::StrContains("-_.~+/=%", c); }
bool IsWordCharacter(char c) { return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '-'; }
bool EndsAddress(char c) { return IsSpace(c) || absl::StrContains("\"'<>`|\\", c); }

template <typename Belongs>
size_t LengthOf(absl::string_view text, Belongs belongs) {
  return static_cast<size_t>(std::find_if_not(text.begin(), text.end(), belongs) - text.begin());
}

// JWTs, personal tokens, and anything of the length of a key.
bool LooksSecret(absl::string_view word) {
  if (absl::StartsWith(word, "eyJ") && word.size() >= 20) return true;
  if (absl::StartsWith(word, "lectern") && word.size() >= 40) return true;
  return false;
}

bool IsNumber(absl::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return absl::ascii_isdigit(static_cast<unsigned char>(c)); });
}

// Of what follows "://", up to the address' end.
std::string Address(absl::string_view rest) {
  const absl::string_view host = rest.substr(0, rest.find_first_of("/?#"));
  // The last one, since a password may hold an "@" that nobody encoded.
  const size_t at = rest.rfind('@');
  // It may hold a "/" or a "?", too: then what looks like a host is the beginning of it, with a colon.
  const size_t colon = host.find(':');
  const bool odd = colon != absl::string_view::npos && (at < rest.find('?') || !IsNumber(host.substr(colon + 1)));
  const bool user = at != absl::string_view::npos && (at < host.size() || odd);
  std::string shown;
  if (user) {
    absl::StrAppend(&shown, kHidden, "@");
    rest.remove_prefix(at + 1);
  }
  const size_t query = rest.find('?');
  absl::string_view path = rest.substr(0, query);
  while (!path.empty()) {
    const size_t slash = path.find('/');
    const absl::string_view part = path.substr(0, slash);
    absl::StrAppend(&shown, LooksSecret(part) ? kHidden : part);
    if (slash == absl::string_view::npos) break;
    shown += '/';
    path.remove_prefix(slash + 1);
  }
  if (query != absl::string_view::npos) absl::StrAppend(&shown, "?", kHidden);
  return shown;
}

// Whether the word announces a secret: "password", "access_token", "stream-key".
bool Announces(absl::string_view word) {
  const std::string lower = absl::AsciiStrToLower(word);
  return std::any_of(std::begin(kSecretWords), std::end(kSecretWords), [&](absl::string_view secret) {
    if (!absl::EndsWith(lower, secret)) return false;
    const size_t rest = lower.size() - secret.size();
    return rest == 0 || lower[rest - 1] == '_' || lower[rest - 1] == '-';
  });
}

// Length of ` = `, `: ` and their like between a word and its value; 0: no value follows.
size_t Assignment(absl::string_view text) {
  auto blank = [](char c) { return c == ' ' || c == '\t' || c == '"' || c == '\''; };
  const size_t before = LengthOf(text, blank);
  if (before == text.size() || (text[before] != '=' && text[before] != ':')) return 0;
  return before + 1 + LengthOf(text.substr(before + 1), blank);
}

class Reader {
 public:
  explicit Reader(absl::string_view text) : rest_(text) {}

  std::string Run() {
    while (!rest_.empty()) {
      if (absl::ConsumePrefix(&rest_, "://")) {
        shown_ += "://";
        absl::string_view address = Take(LengthOf(rest_, [](char c) { return !EndsAddress(c); }));
        shown_ += Address(address);
      } else if (IsWordCharacter(rest_[0])) {
        Word();
      } else {
        Character(rest_[0]);
        rest_.remove_prefix(1);
      }
    }
    return std::move(shown_);
  }

 private:
  absl::string_view Take(size_t length) {
    absl::string_view taken = rest_.substr(0, length);
    rest_.remove_prefix(length);
    return taken;
  }

  void Word() {
    const absl::string_view token = rest_.substr(0, LengthOf(rest_, IsTokenCharacter));
    if (LooksSecret(token)) {
      Take(token.size());
      shown_ += kHidden;
      return;
    }
    const absl::string_view word = Take(LengthOf(rest_, IsWordCharacter));
    absl::StrAppend(&shown_, word);
    if (absl::EqualsIgnoreCase(word, "bearer") || absl::EqualsIgnoreCase(word, "basic")) {
      const size_t gap = LengthOf(rest_, [](char c) { return c == ' '; });
      if (gap > 0) Value(gap);
    } else if (Announces(word)) {
      const size_t gap = Assignment(rest_);
      if (gap > 0) Value(gap);
    }
  }

  // Hides what stands behind the gap. "Authorization: Bearer x" is hidden to its end.
  void Value(size_t gap) {
    absl::StrAppend(&shown_, Take(gap));
    for (absl::string_view scheme : {"Bearer ", "Basic ", "Digest "}) {
      if (absl::StartsWithIgnoreCase(rest_, scheme)) absl::StrAppend(&shown_, Take(scheme.size()));
    }
    const size_t length = LengthOf(rest_, [](char c) { return !EndsAddress(c) && c != '&' && c != ',' && c != ';'; });
    if (length == 0) return;
    Take(length);
    shown_ += kHidden;
  }

  void Character(char c) {
    const unsigned char byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 ? byte != 0x7f : c == '\n' || c == '\t') shown_ += c;
  }

  absl::string_view rest_;
  std::string shown_;
};

}  // namespace

std::string WithoutSecrets(absl::string_view text) { return Reader(text).Run(); }

std::string LogWithoutSecrets(absl::string_view log, size_t limit) {
  // What was cut off may have been the beginning of a character, which was left out, too.
  constexpr size_t kCharacter = 4;
  if (log.size() + kCharacter >= limit) {
    const size_t line = log.find('\n');
    log.remove_prefix(line == absl::string_view::npos ? log.size() : line + 1);
  }
  return WithoutSecrets(log);
}

}  // namespace lectern::api
