using System.Globalization;
using NUnit.Framework;
using WireGate.Core.Approvals;
using WireGate.Core.Credentials;

namespace WireGate.Storage.Tests;

/// <summary>What takes space that is not there: SQLite rolls it back by itself, and has to go on once there is space again.</summary>
public sealed class FullDiskTests : StoreFixture
{
    // What is added and what is changed takes some pages more, in an index.
    [SetUp]
    public void MakeChangesTakeSpace()
    {
        foreach (string which in new[] { "id > ''", "revoked IS NOT NULL", "uses_left < 2" })
        {
            Store.Database.Execute($"CREATE INDEX \"{which}\" ON placeholders (id || hex(zeroblob(9000))) WHERE {which}");
        }
    }

    [Test]
    public async Task Mints_again_once_there_is_space()
    {
        Refuses(() => MintAsync(Request with { Uses = 2 }));
        Assert.That(Store.List(), Is.Empty);

        Placeholder placeholder = await MintAsync(Request with { Uses = 2 });

        await ReopenAsync();
        Assert.That(Store.List().Select(p => p.Id), Is.EqualTo(new[] { placeholder.Id }));
    }

    [Test]
    public async Task Revokes_again_once_there_is_space()
    {
        Placeholder placeholder = await MintAsync(Request with { Uses = 2 });
        Refuses(() => RevokeAsync(new RevokeFilter.All()));

        Assert.That(await RevokeAsync(new RevokeFilter.All()), Is.EqualTo(new[] { placeholder.Id }));

        await ReopenAsync();
        Assert.That(Find(placeholder.Id)!.Revoked, Is.Not.Null);
    }

    [Test]
    public async Task Takes_uses_again_once_there_is_space()
    {
        Placeholder placeholder = await MintAsync(Request with { Uses = 2 });
        Refuses(() => TakeUseAsync(placeholder));
        Assert.That(Find(placeholder.Id)!.UsesLeft, Is.EqualTo(2));

        Assert.That(await TakeUseAsync(placeholder), Is.True);

        await ReopenAsync();
        Assert.That(Find(placeholder.Id)!.UsesLeft, Is.EqualTo(1));
    }

    [Test]
    public async Task Approves_again_once_there_is_space()
    {
        Approval pending = Pending(), other = Pending() with { Detail = new string('d', 20_000) };
        ApprovalChange yes = new(pending, pending with { State = ApprovalState.Approved, Version = 2, Detail = new string('d', 20_000) });
        await Store.Approvals.AddAsync(pending, () => { }, CancellationToken.None);
        Refuses(() => Store.Approvals.AddAsync(other, () => { }, CancellationToken.None).AsTask());
        Refuses(() => Store.Approvals.TryChangeAsync([yes], () => { }, CancellationToken.None).AsTask());
        Assert.That((await Store.Approvals.FindAsync(pending.Id, CancellationToken.None))!.State, Is.EqualTo(ApprovalState.Pending));
        Assert.That(await Store.Approvals.FindAsync(other.Id, CancellationToken.None), Is.Null);

        Assert.That(await Store.Approvals.TryChangeAsync([yes], () => { }, CancellationToken.None), Is.True);

        await ReopenAsync();
        Assert.That((await Store.Approvals.FindAsync(pending.Id, CancellationToken.None))!.State, Is.EqualTo(ApprovalState.Approved));
    }

    /// <summary>Does something while no page more can be had, then while nothing can be committed, each more than once; then there is space.</summary>
    private void Refuses(Func<Task> change)
    {
        long pages = Store.Database.Query("PRAGMA page_count", reader => reader.GetInt64(0))[0];
        Limit(pages);
        RefusesAgain("the disk is full");
        Limit(1 << 20);

        // As where the log's own file system is full: COMMIT fails, and is a ROLLBACK.
        SQLitePCL.raw.sqlite3_commit_hook(Store.Database.Handle, static _ => 1, null);
        RefusesAgain("constraint failed");
        SQLitePCL.raw.sqlite3_commit_hook(Store.Database.Handle, null, null);

        void RefusesAgain(string why)
        {
            for (int i = 0; i < 3; i++)
            {
                Assert.That(async () => await change(), Throws.InstanceOf<StoreUnavailableException>().With.Message.Contains(why));
            }
        }

        void Limit(long most) => Store.Database.Query(string.Create(CultureInfo.InvariantCulture, $"PRAGMA max_page_count = {most}"), reader => reader.GetInt64(0));
    }
}
