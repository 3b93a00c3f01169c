#include "api/store/key_store.h"

#include <set>
#include <thread>

#include "tests/api/store/store_fixture.h"

namespace lectern::api {
namespace {

SigningKeyRow Key(const std::string& id, const std::string& audience = "session") {
  SigningKeyRow key;
  key.key_id = id;
  key.audience = audience;
  key.public_key = std::string(32, '\x80');
  key.sealed_secret = std::string("\0sealed\xff", 8);
  return key;
}

class KeyStoreTest : public StoreFixture {
 protected:
  KeyStore store_{pool_};
};

TEST_F(KeyStoreTest, InstancesThatStartAtOnceGetOneKey) {
  std::set<std::string> ids;
  absl::Mutex mu;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&, i] {
      absl::StatusOr<SigningKeyRow> key = store_.InsertIfAbsent(Key(absl::StrCat("k", i)));
      EXPECT_OK(key);
      absl::MutexLock lock(&mu);
      if (key.ok()) ids.insert(key->key_id);
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(ids.size(), 1u);
  ASSERT_OK_AND_ASSIGN(std::vector<SigningKeyRow> keys, store_.List());
  ASSERT_EQ(keys.size(), 1u);
  EXPECT_EQ(keys[0].public_key, std::string(32, '\x80'));
  EXPECT_EQ(keys[0].sealed_secret, std::string("\0sealed\xff", 8));
}

TEST_F(KeyStoreTest, ARotatedKeyStaysUntilItsTokensHaveExpired) {
  ASSERT_OK(store_.InsertIfAbsent(Key("old")));
  ASSERT_OK(store_.InsertIfAbsent(Key("other", "upload")));
  EXPECT_EQ(store_.Rotate(Key("new")).value().key_id, "new");
  EXPECT_EQ(store_.InsertIfAbsent(Key("late")).value().key_id, "new");
  ASSERT_OK_AND_ASSIGN(std::vector<SigningKeyRow> keys, store_.List());
  ASSERT_EQ(keys.size(), 3u);
  EXPECT_EQ(keys[0].key_id, "old");
  EXPECT_TRUE(keys[0].retired_at.has_value());
  EXPECT_FALSE(keys[1].retired_at.has_value());
  EXPECT_EQ(store_.DeleteRetired(absl::Hours(1)).value(), 0);
  EXPECT_EQ(store_.DeleteRetired(absl::Hours(-1)).value(), 1);
}

}  // namespace
}  // namespace lectern::api
