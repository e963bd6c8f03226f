using System.Collections.Frozen;
using System.Net;
using System.Runtime.Versioning;
using Microsoft.Data.Sqlite;
using NUnit.Framework;
using WireGate.Core.Credentials;
using WireGate.Core.Sessions;

namespace WireGate.Storage.Tests;

[UnsupportedOSPlatform("windows")]
public sealed class StoreFileTests : StoreFixture
{
    private static readonly FrozenDictionary<string, string> Team = new Dictionary<string, string> { ["team"] = "pay\"ments" }.ToFrozenDictionary();

    [Test]
    public async Task Everything_is_as_it_was_after_reopening()
    {
        using MintedPlaceholder minted = await MintWithTokenAsync(Request with
        {
            Identity = Alice with { Claims = Team },
            MintedBy = new Identity { Issuer = Identity.UnixIssuer, Subject = "ci", Groups = ["a", "b"] },
            Targets = ["orders", "böse \"Namen\""],
            Login = "ro",
            Sources = [IPNetwork.Parse("10.0.0.0/8"), IPNetwork.Parse("2001:db8::/32")],
            NotBefore = Time.GetUtcNow().AddTicks(15_001),
            Ttl = TimeSpan.FromMinutes(7),
            SessionLifetime = TimeSpan.FromMinutes(3),
            Uses = 3,
        });
        Placeholder before = minted.Placeholder;

        await ReopenAsync();

        Placeholder after = Find(before.Id)!;
        Assert.That(Store.Verify(after, minted.Token.Span), Is.True);
        Assert.That(after.Identity.Groups, Is.EqualTo(before.Identity.Groups));
        Assert.That(after.Identity.Claims, Is.EqualTo(Team));
        Assert.That(after.MintedBy.Groups, Is.EqualTo(before.MintedBy.Groups));
        Assert.That(after.Targets, Is.EqualTo(before.Targets));
        Assert.That(after.Sources, Is.EqualTo(before.Sources));
        Assert.That(after.Proof.Salt.ToArray(), Is.EqualTo(before.Proof.Salt.ToArray()));
        Assert.That(after.Proof.StoredKey.ToArray(), Is.EqualTo(before.Proof.StoredKey.ToArray()));
        Assert.That(after.Proof.ServerKey.ToArray(), Is.EqualTo(before.Proof.ServerKey.ToArray()));

        // Lists and proofs have been compared; the rest compares by value.
        Assert.That(after with { Targets = [], Sources = [], Proof = before.Proof }, Is.EqualTo(before with { Targets = [], Sources = [] }));
    }

    [Test]
    public async Task The_newest_is_listed_first()
    {
        Placeholder old = await MintAsync(Request);
        Time.Advance(TimeSpan.FromSeconds(1));
        Placeholder young = await MintAsync(Request);
        Assert.That(Store.List().Select(p => p.Id), Is.EqualTo(new[] { young.Id, old.Id }));
    }

    [Test]
    public void Finds_nothing_under_what_is_no_id()
    {
        Assert.That(Store.Find("aaaaaaaaaa"u8), Is.Null);
        Assert.That(Store.Find(new byte[100_000]), Is.Null);
        Assert.That(Store.Find(default), Is.Null);
    }

    [Test]
    public async Task The_files_are_for_their_owner_only()
    {
        await MintAsync(Request);
        string[] files = Directory.GetFiles(Path.GetDirectoryName(StorePath)!);
        Assert.That(files, Has.Length.GreaterThan(1), "the write-ahead log is there");
        Assert.That(files.Select(File.GetUnixFileMode), Is.All.EqualTo(UnixFileMode.UserRead | UnixFileMode.UserWrite));
    }

    [Test]
    public async Task A_file_that_is_open_to_others_is_refused()
    {
        await Store.DisposeAsync();
        File.SetUnixFileMode(StorePath, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead);
        Assert.That(Refusal(), Does.Contain("chmod 0600"));
    }

    [Test]
    public void A_second_owner_is_refused() => Assert.That(Refusal(), Does.Contain("another process"));

    [Test]
    public async Task A_newer_version_is_refused_and_left_alone()
    {
        await ChangeAsync("PRAGMA user_version = 4");
        Assert.That(Refusal(), Does.Contain("version 4").And.Contain("knows 3"));
        await ChangeAsync("PRAGMA user_version = 3");
        await ReopenAsync();
    }

    [Test]
    public async Task A_file_of_the_first_version_is_upgraded_and_keeps_what_it_holds()
    {
        Placeholder before = await MintAsync(Request);
        await ChangeAsync("ALTER TABLE placeholders DROP COLUMN claims; DROP TABLE approvals; PRAGMA user_version = 1");

        await ReopenAsync();
        Placeholder claimed = await MintAsync(Request with { Identity = Alice with { Claims = Team } });
        await ReopenAsync();

        Assert.That(Find(before.Id)!.Identity.Claims, Is.Empty);
        Assert.That(Find(claimed.Id)!.Identity.Claims, Is.EqualTo(Team));
    }

    [Test]
    public async Task Another_programs_database_is_refused_and_left_alone()
    {
        await ChangeAsync("PRAGMA application_id = 7; PRAGMA journal_mode = DELETE");
        byte[] before = await File.ReadAllBytesAsync(StorePath);
        Assert.That(Refusal(), Does.Contain("other program"));
        Assert.That(await File.ReadAllBytesAsync(StorePath), Is.EqualTo(before));
    }

    [Test]
    public async Task What_is_no_database_is_refused()
    {
        await Store.DisposeAsync();
        await File.WriteAllTextAsync(StorePath, string.Join('\n', Enumerable.Repeat("store: sqlite:/var/lib/wiregate.db", 200)));
        Assert.That(Refusal(), Does.Contain("damaged, or no store at all"));
    }

    [Test]
    public async Task A_damaged_page_is_refused()
    {
        await MintAsync(Request);
        await Store.DisposeAsync();
        byte[] bytes = await File.ReadAllBytesAsync(StorePath);
        Assert.That(bytes, Has.Length.GreaterThan(4096));
        bytes.AsSpan(4096).Fill(0xA5);
        await File.WriteAllBytesAsync(StorePath, bytes);
        Assert.That(Refusal(), Does.Contain("damaged"));
    }

    [TestCase("UPDATE placeholders SET targets = '{'")]
    [TestCase("UPDATE placeholders SET sources = '[\"10.0.0.0/99\"]'")]
    [TestCase("UPDATE placeholders SET uses_left = 99999999999")]
    [TestCase("UPDATE placeholders SET hash = 'text'")]
    [TestCase("UPDATE placeholders SET expires = 9223372036854775807")]
    [TestCase("UPDATE placeholders SET hash = x'00'")]
    public async Task A_row_that_cannot_be_read_is_refused(string damage)
    {
        await MintAsync(Request);
        await ChangeAsync(damage);
        Assert.That(Refusal(), Does.Contain("row that cannot be read"));
    }

    [Test]
    public async Task A_damaged_pepper_is_refused()
    {
        await ChangeAsync("UPDATE meta SET value = x'00' WHERE name = 'pepper'");
        Assert.That(Refusal(), Does.Contain("pepper"));
    }

    [Test]
    public async Task A_directory_that_is_not_there_is_refused()
    {
        await Store.DisposeAsync();
        Assert.That(
            () => SqlitePlaceholderStore.Open(Path.Join(StorePath, "x.db"), Time),
            Throws.InstanceOf<StoreUnavailableException>().With.Message.Contains("cannot be opened"));
    }

    [Test]
    public async Task A_closed_store_lets_nobody_through()
    {
        Placeholder limited = await MintAsync(Request with { Uses = 1 });
        await Store.DisposeAsync();
        Assert.That(async () => await TakeUseAsync(limited), Throws.InstanceOf<StoreUnavailableException>());
        Assert.That(async () => await MintAsync(Request), Throws.InstanceOf<StoreUnavailableException>());
    }

    [Test]
    public async Task The_expired_are_kept_for_thirty_days_and_then_go()
    {
        Placeholder old = await MintAsync(Request);
        Assert.That(await TakeUseAsync(old), Is.True);
        Time.Advance(TimeSpan.FromDays(30));
        await MintAsync(Request);
        Assert.That(Find(old.Id), Is.Not.Null);
        Time.Advance(TimeSpan.FromDays(1));
        Placeholder young = await MintAsync(Request);
        Assert.That(Find(old.Id), Is.Null);
        await ReopenAsync();
        Assert.That(Find(old.Id), Is.Null);
        Assert.That(Find(young.Id), Is.Not.Null);
    }

    [Test]
    public async Task A_full_store_refuses_to_mint()
    {
        await MintAsync(Request);
        await Store.DisposeAsync();
        await using SqlitePlaceholderStore small = SqlitePlaceholderStore.Open(StorePath, Time, capacity: 1, share: 1);
        MintResult result = await small.MintAsync(Request, Bounds, CancellationToken.None);
        Assert.That(result.Refusal, Does.Contain("limit"));
    }

    private string Refusal() => Assert.Throws<StoreUnavailableException>(() => SqlitePlaceholderStore.Open(StorePath, Time))!.Message;

    private async Task ChangeAsync(string sql)
    {
        await Store.DisposeAsync();
        await using SqliteConnection connection = new($"Data Source={StorePath};Pooling=False");
        await connection.OpenAsync();
        await using SqliteCommand command = connection.CreateCommand();
        command.CommandText = sql;
        await command.ExecuteNonQueryAsync();
    }
}
