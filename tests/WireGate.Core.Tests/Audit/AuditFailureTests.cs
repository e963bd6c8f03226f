using NUnit.Framework;
using WireGate.Core.Audit;

namespace WireGate.Core.Tests.Audit;

internal sealed class AuditFailureTests : AuditFixture
{
    [Test]
    public async Task A_failed_sync_fails_its_waiters_and_every_later_append()
    {
        var disk = new FailingDisk();
        await using AuditLog log = Open(chains: 1, disk: disk);
        disk.FailsSync = true;
        AuditPosition position = log.Append(Event("a"));

        Assert.That(async () => await log.WhenDurableAsync(position), Throws.TypeOf<AuditFailedException>().With.Message.Contains("Input/output error"));
        disk.FailsSync = false;
        Assert.That(() => log.Append(Event("b")), Throws.TypeOf<AuditFailedException>());
        Assert.That(() => OnLoop(0, () => log.Append(Event("b"))), Throws.InnerException.TypeOf<AuditFailedException>());
        Assert.That(async () => await log.WhenDurableAsync(position), Throws.TypeOf<AuditFailedException>());
    }

    [Test]
    public async Task A_failed_sync_is_never_tried_again()
    {
        var disk = new FailingDisk();
        AuditLog log = Open(disk: disk);
        disk.FailsSync = true;
        AuditPosition position = log.Append(Event("a"));
        Assert.That(async () => await log.WhenDurableAsync(position), Throws.TypeOf<AuditFailedException>());
        disk.FailsSync = false;
        await log.DisposeAsync();

        Assert.That(() => log.WhenDurableAsync(position), Throws.TypeOf<AuditFailedException>(), "it must not count as durable now");
    }

    [Test]
    public async Task What_was_durable_before_stays_so()
    {
        var disk = new FailingDisk();
        await using AuditLog log = Open(disk: disk);
        AuditPosition durable = log.Append(Event("a"));
        await log.WhenDurableAsync(durable);
        disk.FailsSync = true;
        Assert.That(async () => await log.WhenDurableAsync(log.Append(Event("b"))), Throws.TypeOf<AuditFailedException>());

        Assert.That(IsDurable(log, durable));
    }

    [Test]
    public async Task A_full_disk_stops_the_log_says_so_and_is_no_longer_one_when_there_is_room_again()
    {
        var disk = new FailingDisk();
        await using AuditLog log = Open(disk: disk);
        bool failed = false;
        log.Failed += () => failed = true;
        disk.FailsCreate = true;
        int appended = 0;

        Assert.That(
            () =>
            {
                while (true)
                {
                    log.Append(Event("a"));
                    appended++;
                }
            },
            Throws.TypeOf<AuditFailedException>().With.Message.Contains("No space left on device"));
        disk.FailsCreate = false;

        AuditPosition next = default;
        Assert.That(() => TryAppend(out next), Is.True.After(20_000, 50), "the next try comes by itself");
        await log.WhenDurableAsync(next);
        Assert.That(next.Sequence, Is.EqualTo(appended + 1), "nothing that was refused has left a gap");
        Assert.That(failed, Is.False);
        Assert.That(Scan(), Is.Null);

        bool TryAppend(out AuditPosition position)
        {
            try
            {
                position = log.Append(Event("b"));
                return true;
            }
            catch (AuditFailedException)
            {
                position = default;
                return false;
            }
        }
    }

    [Test]
    public void A_file_is_made_in_steps_with_rests_between()
    {
        string path = Path.Combine(Directory, "next");
        int rests = 0;
        using MappedSegment made = new SegmentDisk().Create(path, 1 << 20, () => rests++);
        Assert.That(rests, Is.EqualTo(3));
        Assert.That(new FileInfo(path).Length, Is.EqualTo(1 << 20));
    }

    [Test]
    public void A_file_that_could_not_be_written_whole_leaves_nothing()
    {
        string path = Path.Combine(Directory, "whole");
        Assert.That(() => new SegmentDisk().Create(path, -1), Throws.Exception);
        Assert.That(File.Exists(path), Is.False);
        new SegmentDisk().Create(path, 1 << 16).Dispose();
        Assert.That(new FileInfo(path).Length, Is.EqualTo(1 << 16));
    }

    [Test]
    public async Task A_disk_that_loses_what_was_written_ends_the_log_for_good_and_is_told_once()
    {
        var disk = new FailingDisk();
        await using AuditLog log = Open(disk: disk);
        int told = 0;
        log.Failed += () => Interlocked.Increment(ref told);
        disk.FailsSync = true;
        Assert.That(async () => await log.WhenDurableAsync(log.Append(Event("a"))), Throws.TypeOf<AuditFailedException>());
        disk.FailsSync = false;
        Assert.That(() => told, Is.EqualTo(1).After(10_000, 10));
        Assert.That(() => log.Append(Event("b")), Throws.TypeOf<AuditFailedException>());
    }

    [Test]
    public void A_full_disk_at_the_start_is_refused_with_its_reason()
    {
        Assert.That(
            () => Open(disk: new FailingDisk { FailsCreate = true }),
            Throws.TypeOf<AuditFailedException>().With.Message.Contains("No space left on device"));
    }

    [Test]
    public async Task A_half_made_log_is_made_anew()
    {
        Assert.That(() => Open(disk: new FailingDisk { FailsCreate = true }), Throws.TypeOf<AuditFailedException>());
        await using AuditLog log = Open();

        Assert.That(log.Append(Event("a")).Sequence, Is.EqualTo(1));
    }
}
