#include "common/token/token.h"

#include <sodium.h>

#include <cstdlib>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "common/base/status.h"
#include "common/base/text.h"

namespace lectern {
namespace {

using Json = nlohmann::json;

// The longest of our tokens has under 600 bytes; nothing larger is worth decoding.
constexpr size_t kMaxTokenBytes = 4096;
constexpr absl::Duration kClockSkew = absl::Seconds(30);
constexpr const char* kAudienceWords[] = {"session", "organization", "resource", "upload", "job", "playback"};

void InitSodium() {
  static const int ready = sodium_init();
  if (ready < 0) std::abort();
}

const unsigned char* Bytes(absl::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }
unsigned char* Bytes(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }

absl::Status Invalid(absl::string_view why) {
  return WithReason(absl::UnauthenticatedError(absl::StrCat("the token is not valid: ", why)), "TOKEN_INVALID");
}

// A flat object of scalars whose names are unique; anything else is absent. A name that stands twice would let two readers of
// one token see two different rights.
std::optional<Json> ParseFlat(const std::string& text) {
  std::set<std::string> names;
  bool flat = true;
  auto check = [&](int depth, Json::parse_event_t event, Json& parsed) {
    if (event == Json::parse_event_t::key) flat = flat && names.insert(parsed.get<std::string>()).second;
    if (event == Json::parse_event_t::array_start) flat = false;
    if (event == Json::parse_event_t::object_start && depth > 0) flat = false;
    return true;
  };
  Json json = Json::parse(text, check, /*allow_exceptions=*/false);
  if (!flat || !json.is_object()) return std::nullopt;
  return json;
}

// Reads claims by name; `ok` turns false where one has the wrong type or range.
struct Reader {
  const Json& json;
  bool ok = true;

  bool Has(const char* name) const { return json.contains(name); }
  std::string Text(const char* name) {
    auto found = json.find(name);
    if (found == json.end()) return "";
    if (!found->is_string()) {
      ok = false;
      return "";
    }
    return found->get<std::string>();
  }
  int64_t Number(const char* name) {
    auto found = json.find(name);
    if (found == json.end()) return 0;
    if (!found->is_number_unsigned() || found->get<uint64_t>() > std::numeric_limits<int64_t>::max()) {
      ok = false;
      return 0;
    }
    return found->get<int64_t>();
  }
  bool Flag(const char* name) {
    auto found = json.find(name);
    if (found == json.end()) return false;
    ok = ok && found->is_boolean();
    return found->is_boolean() && found->get<bool>();
  }
};

std::string Dump(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

Json ToJson(const Claims& claims, Audience audience) {
  Json json = {{"aud", AudienceWord(audience)}, {"sub", claims.subject}, {"iat", absl::ToUnixSeconds(claims.issued_at)}};
  if (claims.expires_at != absl::InfiniteFuture()) json["exp"] = absl::ToUnixSeconds(claims.expires_at);
  auto text = [&](const char* name, const std::string& value) {
    if (!value.empty()) json[name] = value;
  };
  auto number = [&](const char* name, int64_t value) {
    if (value != 0) json[name] = value;
  };
  text("jti", claims.id);
  text("view", claims.view);
  text("upl", claims.upload);
  number("org", claims.organization);
  number("res", claims.resource);
  number("lec", claims.lecture);
  number("size", claims.size_bytes);
  number("job", claims.job);
  number("fence", claims.fence);
  number("ser", claims.serial);
  if (claims.download) json["dl"] = true;
  return json;
}

absl::StatusOr<Claims> FromJson(const Json& json, Audience audience) {
  Reader reader{json};
  if (reader.Text("aud") != AudienceWord(audience)) return Invalid("it was made for something else");
  // Only a resource's credential lives until it is withdrawn.
  if (!reader.Has("iat") || (!reader.Has("exp") && audience != Audience::kResource)) return Invalid("a claim is missing");
  Claims claims;
  claims.subject = reader.Text("sub");
  claims.issued_at = absl::FromUnixSeconds(reader.Number("iat"));
  claims.expires_at = reader.Has("exp") ? absl::FromUnixSeconds(reader.Number("exp")) : absl::InfiniteFuture();
  claims.id = reader.Text("jti");
  claims.view = reader.Text("view");
  claims.upload = reader.Text("upl");
  claims.organization = reader.Number("org");
  claims.resource = reader.Number("res");
  claims.lecture = reader.Number("lec");
  claims.size_bytes = reader.Number("size");
  claims.job = reader.Number("job");
  claims.fence = reader.Number("fence");
  claims.serial = reader.Number("ser");
  claims.download = reader.Flag("dl");
  if (!reader.ok) return Invalid("a claim has the wrong type");
  return claims;
}

// The key id; the algorithm must be the one that all our keys have.
absl::StatusOr<std::string> ReadHeader(absl::string_view encoded) {
  std::optional<std::string> text = Base64UrlDecode(encoded);
  std::optional<Json> header = text ? ParseFlat(*text) : std::nullopt;
  if (!header) return Invalid("its header cannot be read");
  for (const auto& entry : header->items()) {
    if (entry.key() != "alg" && entry.key() != "kid" && entry.key() != "typ") return Invalid("its header is not ours");
  }
  Reader reader{*header};
  std::string key_id = reader.Text("kid");
  if (reader.Text("alg") != "EdDSA" || !reader.ok) return Invalid("its algorithm is not accepted");
  return key_id;
}

bool SignatureHolds(absl::string_view signed_part, absl::string_view encoded_signature, const PublicKey& key) {
  std::optional<std::string> signature = Base64UrlDecode(encoded_signature);
  return signature && signature->size() == crypto_sign_BYTES && key.bytes.size() == crypto_sign_PUBLICKEYBYTES &&
         crypto_sign_verify_detached(Bytes(*signature), Bytes(signed_part), signed_part.size(), Bytes(key.bytes)) == 0;
}

}  // namespace

absl::string_view AudienceWord(Audience audience) { return kAudienceWords[static_cast<size_t>(audience)]; }

std::optional<Audience> ParseAudience(absl::string_view word) {
  for (size_t i = 0; i < std::size(kAudienceWords); ++i) {
    if (word == kAudienceWords[i]) return static_cast<Audience>(i);
  }
  return std::nullopt;
}

SigningKey GenerateKey(Audience audience) {
  InitSodium();
  SigningKey key{RandomHex(8), audience, std::string(crypto_sign_PUBLICKEYBYTES, '\0'),
                 std::string(crypto_sign_SECRETKEYBYTES, '\0')};
  crypto_sign_keypair(Bytes(key.public_bytes), Bytes(key.secret_bytes));
  return key;
}

std::string Sign(const SigningKey& key, const Claims& claims) {
  InitSodium();
  std::string header = Dump({{"alg", "EdDSA"}, {"kid", key.key_id}, {"typ", "JWT"}});
  std::string token =
      absl::StrCat(Base64UrlEncode(header), ".", Base64UrlEncode(Dump(ToJson(claims, key.audience))));
  std::string signature(crypto_sign_BYTES, '\0');
  crypto_sign_detached(Bytes(signature), nullptr, Bytes(token), token.size(), Bytes(key.secret_bytes));
  absl::StrAppend(&token, ".", Base64UrlEncode(signature));
  return token;
}

void Verifier::SetKeys(std::vector<PublicKey> keys) {
  InitSodium();
  absl::flat_hash_map<std::string, PublicKey> by_id;
  for (PublicKey& key : keys) by_id[key.key_id] = std::move(key);
  absl::MutexLock lock(&mu_);
  keys_ = std::move(by_id);
}

absl::StatusOr<Claims> Verifier::Verify(absl::string_view token, Audience audience, absl::Time now) const {
  if (token.size() > kMaxTokenBytes) return Invalid("it is too long");
  size_t first = token.find('.');
  size_t second = first == absl::string_view::npos ? first : token.find('.', first + 1);
  if (second == absl::string_view::npos || token.find('.', second + 1) != absl::string_view::npos) {
    return Invalid("it does not have three parts");
  }
  ASSIGN_OR_RETURN(std::string key_id, ReadHeader(token.substr(0, first)));
  PublicKey key;
  {
    absl::ReaderMutexLock lock(&mu_);
    auto found = keys_.find(key_id);
    if (found == keys_.end()) return Invalid("its key is unknown");
    key = found->second;
  }
  if (key.audience != audience) return Invalid("it was made for something else");
  if (!SignatureHolds(token.substr(0, second), token.substr(second + 1), key)) return Invalid("its signature is wrong");
  std::optional<std::string> text = Base64UrlDecode(token.substr(first + 1, second - first - 1));
  std::optional<Json> json = text ? ParseFlat(*text) : std::nullopt;
  if (!json) return Invalid("its claims cannot be read");
  ASSIGN_OR_RETURN(Claims claims, FromJson(*json, audience));
  if (now + kClockSkew < claims.issued_at) return Invalid("it was issued in the future");
  if (now >= claims.expires_at) {
    return WithReason(absl::UnauthenticatedError("the token has expired; ask for a new one"), "TOKEN_EXPIRED");
  }
  return claims;
}

std::string Sha256(absl::string_view bytes) {
  std::string hash(crypto_hash_sha256_BYTES, '\0');
  crypto_hash_sha256(Bytes(hash), Bytes(bytes), bytes.size());
  return hash;
}

}  // namespace lectern
