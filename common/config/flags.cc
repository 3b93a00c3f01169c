#include "common/config/flags.h"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/base/text.h"

namespace lectern {
namespace {

struct SecretFlag {
  std::string environment;
  std::string* target;
};

std::string EnvironmentOf(absl::string_view name) {
  return absl::StrCat("LECTERN_", absl::AsciiStrToUpper(name));
}

// "20G" -> 20 * 2^30. Absent for anything that is not digits with one of K, M, G, T.
std::optional<int64_t> ParseBytes(absl::string_view text) {
  int shift = 0;
  if (!text.empty()) {
    size_t unit = absl::string_view("KMGT").find(text.back());
    if (unit != absl::string_view::npos) {
      shift = 10 * (static_cast<int>(unit) + 1);
      text.remove_suffix(1);
    }
  }
  std::optional<uint64_t> value = ParseDigits(text);
  if (!value || *value > (uint64_t{1} << 62) >> shift) return std::nullopt;
  return static_cast<int64_t>(*value << shift);
}

std::string FormatBytes(int64_t bytes) {
  const char* units[] = {"", "K", "M", "G", "T"};
  int unit = 0;
  while (bytes != 0 && bytes % 1024 == 0 && unit < 4) {
    bytes /= 1024;
    ++unit;
  }
  return absl::StrCat(bytes, units[unit]);
}

}  // namespace

struct Flags::Impl {
  explicit Impl(absl::string_view program, absl::string_view description)
      : app(std::string(description), std::string(program)) {}

  // One flag whose text `read` turns into the value; `read` returns what is wrong, or nothing.
  void Add(absl::string_view name, const std::string& shown_default, absl::string_view help,
           std::function<std::string(const std::string&)> read) {
    std::string flag = absl::StrCat("--", name);
    app.add_option_function<std::string>(
           flag,
           [flag, read](const std::string& text) {
             if (std::string wrong = read(text); !wrong.empty()) {
               throw CLI::ValidationError(flag, absl::StrCat("\"", text, "\" is not ", wrong));
             }
           },
           std::string(help))
        ->envname(EnvironmentOf(name))
        ->default_str(shown_default)
        ->type_name("");
  }

  CLI::App app;
  std::vector<SecretFlag> secrets;
};

Flags::Flags(absl::string_view program, absl::string_view description)
    : impl_(std::make_unique<Impl>(program, description)) {
  impl_->app.set_version_flag("--version", absl::StrCat(program, " ", Version()));
  impl_->app.get_formatter()->column_width(34);
}

Flags::~Flags() = default;

void Flags::String(absl::string_view name, std::string* target, absl::string_view help) {
  impl_->Add(name, *target, help, [target](const std::string& text) {
    *target = text;
    return std::string();
  });
}

void Flags::Strings(absl::string_view name, std::vector<std::string>* target, absl::string_view help) {
  impl_->Add(name, "", help, [target](const std::string& text) {
    *target = absl::StrSplit(text, ',', absl::SkipWhitespace());
    return std::string();
  });
}

void Flags::Int(absl::string_view name, int64_t* target, absl::string_view help) {
  impl_->Add(name, absl::StrCat(*target), help,
             [target](const std::string& text) { return absl::SimpleAtoi(text, target) ? "" : "a whole number"; });
}

void Flags::Double(absl::string_view name, double* target, absl::string_view help) {
  impl_->Add(name, absl::StrCat(*target), help,
             [target](const std::string& text) { return absl::SimpleAtod(text, target) ? "" : "a number"; });
}

void Flags::Bool(absl::string_view name, bool* target, absl::string_view help) {
  impl_->app.add_flag(absl::StrCat("--", name), *target, std::string(help))
      ->envname(EnvironmentOf(name))
      ->default_str(*target ? "true" : "false");
}

void Flags::Duration(absl::string_view name, absl::Duration* target, absl::string_view help) {
  impl_->Add(name, absl::FormatDuration(*target), help, [target](const std::string& text) {
    return absl::ParseDuration(text, target) && *target >= absl::ZeroDuration() ? ""
                                                                                : "a duration such as 1.5s, 10m or 24h";
  });
}

void Flags::Bytes(absl::string_view name, int64_t* target, absl::string_view help) {
  impl_->Add(name, FormatBytes(*target), help, [target](const std::string& text) -> std::string {
    std::optional<int64_t> bytes = ParseBytes(text);
    if (!bytes) return "a size such as 512M or 20G";
    *target = *bytes;
    return "";
  });
}

void Flags::Secret(absl::string_view environment, std::string* target, absl::string_view help) {
  impl_->secrets.push_back({std::string(environment), target});
  impl_->app.footer(absl::StrCat(impl_->app.get_footer(), "\nEnvironment ", environment, ": ", help));
}

std::optional<int> Flags::Parse(int argc, char** argv) {
  try {
    impl_->app.parse(argc, argv);
  } catch (const CLI::Success& shown) {
    return impl_->app.exit(shown);
  } catch (const CLI::ParseError& error) {
    std::fprintf(stderr, "%s: %s (see --help)\n", impl_->app.get_name().c_str(), error.what());
    return 2;
  }
  for (const SecretFlag& secret : impl_->secrets) {
    char* value = std::getenv(secret.environment.c_str());
    if (value == nullptr) continue;
    *secret.target = value;
    // /proc/<pid>/environ shows the memory that the process started with, so it is overwritten; a child must not
    // inherit it.
    explicit_bzero(value, std::strlen(value));
    unsetenv(secret.environment.c_str());
  }
  return std::nullopt;
}

absl::string_view Version() {
  return LECTERN_VERSION;
}

}  // namespace lectern
