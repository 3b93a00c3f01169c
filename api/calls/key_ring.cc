#include "api/calls/key_ring.h"

#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/base/file.h"
#include "common/base/status.h"
#include "common/base/text.h"

namespace lectern::api {
namespace {

constexpr Audience kAudiences[] = {Audience::kSession, Audience::kOrganization, Audience::kResource,
                                   Audience::kUpload,  Audience::kJob,          Audience::kPlayback};

const unsigned char* Bytes(absl::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }
unsigned char* Bytes(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }

std::string Hmac(const std::string& key, absl::string_view text) {
  std::string mac(crypto_auth_hmacsha256_BYTES, '\0');
  crypto_auth_hmacsha256(Bytes(mac), Bytes(text), text.size(), Bytes(key));
  return mac;
}

// nonce | box
std::string SealBox(absl::string_view plain, const std::string& key) {
  std::string sealed = RandomBytes(crypto_secretbox_NONCEBYTES);
  std::string box(plain.size() + crypto_secretbox_MACBYTES, '\0');
  crypto_secretbox_easy(Bytes(box), Bytes(plain), plain.size(), Bytes(sealed), Bytes(key));
  return sealed + box;
}

// Absent: it was sealed with another key, or changed.
std::optional<std::string> OpenBox(absl::string_view sealed, const std::string& key) {
  constexpr size_t kOverhead = crypto_secretbox_NONCEBYTES + crypto_secretbox_MACBYTES;
  if (sealed.size() < kOverhead) return std::nullopt;
  absl::string_view box = sealed.substr(crypto_secretbox_NONCEBYTES);
  std::string plain(sealed.size() - kOverhead, '\0');
  if (crypto_secretbox_open_easy(Bytes(plain), Bytes(box), box.size(), Bytes(sealed), Bytes(key)) != 0) return std::nullopt;
  return plain;
}

// The audience stands before the secret, so that a row whose audience was changed in the database does not open.
std::string SealKey(const SigningKey& key, const std::string& master_key) {
  std::string plain = absl::StrCat(AudienceWord(key.audience), ":", key.secret_bytes);
  std::string sealed = SealBox(plain, master_key);
  sodium_memzero(plain.data(), plain.size());
  return sealed;
}

absl::Status Mismatch(const SigningKeyRow& row) {
  return WithReason(absl::FailedPreconditionError(absl::StrCat(
                        "the signing key ", row.key_id, " (", row.audience, ") was sealed with another master key; give the file "
                        "with which this database was set up")),
                    "MASTER_KEY_MISMATCH");
}

absl::StatusOr<SigningKey> OpenKey(const SigningKeyRow& row, Audience audience, const std::string& master_key) {
  std::optional<std::string> plain = OpenBox(row.sealed_secret, master_key);
  if (!plain) return Mismatch(row);
  absl::string_view secret = *plain;
  // libsodium's secret holds the public half behind the seed.
  bool fits = absl::ConsumePrefix(&secret, absl::StrCat(row.audience, ":")) && secret.size() == crypto_sign_SECRETKEYBYTES &&
              secret.substr(crypto_sign_SEEDBYTES) == row.public_key;
  if (!fits) return Mismatch(row);
  return SigningKey{row.key_id, audience, row.public_key, std::string(secret)};
}

// Instances that start at once must agree on one key: the file is written beside `path` and linked there, which only the first
// one succeeds in; the others take what the first one wrote.
absl::Status CreateMasterKey(const std::string& path) {
  const std::string own = absl::StrCat(path, ".", RandomHex(6));
  RETURN_IF_ERROR(Annotate(WriteFileAtomically(own, absl::StrCat(RandomHex(crypto_secretbox_KEYBYTES), "\n"), 0600),
                           "cannot create the master key file"));
  const bool linked = link(own.c_str(), path.c_str()) == 0;
  const int error = errno;
  unlink(own.c_str());
  if (!linked && error != EEXIST) return ErrnoStatus(error, absl::StrCat("cannot create the master key file ", path));
  return absl::OkStatus();
}

}  // namespace

absl::Duration MaxLifetime(Audience audience) {
  switch (audience) {
    case Audience::kSession:
      return absl::Hours(24 * 30);
    case Audience::kOrganization:
      return absl::Hours(7);
    case Audience::kResource:
      return absl::InfiniteDuration();
    case Audience::kUpload:
    case Audience::kJob:
      return absl::Hours(24);
    case Audience::kPlayback:
      return absl::Hours(2);
  }
  return absl::ZeroDuration();
}

KeyRing::KeyRing(KeyStore& store, std::string master_key)
    : store_(store),
      master_key_(std::move(master_key)),
      sealing_key_(Hmac(master_key_, "lectern: secrets in the database")),
      ingest_key_(Hmac(master_key_, "lectern: live ingest")) {}

absl::StatusOr<std::unique_ptr<KeyRing>> KeyRing::Load(KeyStore& store, std::string master_key) {
  if (sodium_init() < 0) return absl::InternalError("libsodium does not start");
  if (master_key.size() != crypto_secretbox_KEYBYTES) return absl::InvalidArgumentError("the master key must have 32 bytes");
  auto ring = std::unique_ptr<KeyRing>(new KeyRing(store, std::move(master_key)));
  RETURN_IF_ERROR(ring->CreateMissing());
  RETURN_IF_ERROR(ring->Refresh());
  return ring;
}

absl::Status KeyRing::CreateMissing() {
  ASSIGN_OR_RETURN(std::vector<SigningKeyRow> rows, store_.List());
  for (Audience audience : kAudiences) {
    bool present = std::any_of(rows.begin(), rows.end(), [&](const SigningKeyRow& row) {
      return row.audience == AudienceWord(audience) && !row.retired_at;
    });
    if (present) continue;
    SigningKey key = GenerateKey(audience);
    SigningKeyRow row{key.key_id, std::string(AudienceWord(audience)), key.public_bytes, SealKey(key, master_key_),
                      absl::Time(), std::nullopt};
    RETURN_IF_ERROR(store_.InsertIfAbsent(row).status());
  }
  return absl::OkStatus();
}

absl::Status KeyRing::Refresh() {
  ASSIGN_OR_RETURN(std::vector<SigningKeyRow> rows, store_.List());
  absl::flat_hash_map<Audience, SigningKey> active;
  std::vector<PublishedKey> published;
  std::vector<PublicKey> accepted;
  for (const SigningKeyRow& row : rows) {
    std::optional<Audience> audience = ParseAudience(row.audience);
    if (!audience) continue;
    absl::Time not_after = row.retired_at ? *row.retired_at + MaxLifetime(*audience) : absl::InfiniteFuture();
    published.push_back({{row.key_id, *audience, row.public_key}, not_after});
    accepted.push_back(published.back().key);
    if (row.retired_at) continue;
    ASSIGN_OR_RETURN(active[*audience], OpenKey(row, *audience, master_key_));
  }
  if (active.size() != std::size(kAudiences)) return absl::FailedPreconditionError("a signing key is missing in the database");
  std::sort(published.begin(), published.end(),
            [](const PublishedKey& a, const PublishedKey& b) { return a.key.key_id < b.key.key_id; });
  verifier_.SetKeys(std::move(accepted));
  absl::MutexLock lock(&mu_);
  active_ = std::move(active);
  published_ = std::move(published);
  return absl::OkStatus();
}

std::string KeyRing::Sign(Audience audience, const Claims& claims) const {
  SigningKey key;
  {
    absl::MutexLock lock(&mu_);
    key = active_.at(audience);
  }
  return lectern::Sign(key, claims);
}

absl::StatusOr<Claims> KeyRing::Verify(absl::string_view token, Audience audience, absl::Time now) const {
  return verifier_.Verify(token, audience, now);
}

std::vector<PublishedKey> KeyRing::PublicKeys() const {
  absl::MutexLock lock(&mu_);
  return published_;
}

std::vector<PublicKey> KeyRing::MediaKeys() const {
  std::vector<PublicKey> keys;
  for (const PublishedKey& published : PublicKeys()) {
    Audience audience = published.key.audience;
    if (audience == Audience::kUpload || audience == Audience::kJob || audience == Audience::kPlayback) {
      keys.push_back(published.key);
    }
  }
  return keys;
}

std::string KeyRing::Seal(absl::string_view plain) const { return SealBox(plain, sealing_key_); }

absl::StatusOr<std::string> KeyRing::Unseal(absl::string_view sealed) const {
  std::optional<std::string> plain = OpenBox(sealed, sealing_key_);
  if (plain) return *std::move(plain);
  return WithReason(absl::FailedPreconditionError("a secret in the database was sealed with another master key; enter it again"),
                    "MASTER_KEY_MISMATCH");
}

std::string KeyRing::IngestKey(int64_t job, int64_t epoch) const {
  return HexEncode(Hmac(ingest_key_, absl::StrCat(job, "-", epoch)));
}

absl::StatusOr<std::string> LoadMasterKey(const std::string& path, bool create) {
  struct stat info {};
  if (stat(path.c_str(), &info) != 0) {
    if (errno != ENOENT) return ErrnoStatus(errno, path);
    if (!create) {
      return absl::InvalidArgumentError(
          absl::StrCat("the master key file ", path, " does not exist; give --create_master_key for a new installation"));
    }
    RETURN_IF_ERROR(CreateMasterKey(path));
    if (stat(path.c_str(), &info) != 0) return ErrnoStatus(errno, path);
  }
  if ((info.st_mode & 077) != 0) {
    return absl::InvalidArgumentError(absl::StrCat("the master key file ", path, " can be read by others; run: chmod 600 ", path));
  }
  ASSIGN_OR_RETURN(std::string text, ReadFile(path, 4096));
  std::optional<std::string> key = HexDecode(absl::StripAsciiWhitespace(text));
  if (!key || key->size() != crypto_secretbox_KEYBYTES) {
    return absl::InvalidArgumentError(absl::StrCat("the master key file ", path, " does not hold 64 hex digits"));
  }
  return *std::move(key);
}

}  // namespace lectern::api
