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
    public async Task A_full_disk_fails_the_log_and_says_so()
    {
        var disk = new FailingDisk();
        await using AuditLog log = Open(disk: disk);
        disk.FailsCreate = true;

        Assert.That(
            () =>
            {
                while (true)
                {
                    log.Append(Event("a"));
                }
            },
            Throws.TypeOf<AuditFailedException>().With.Message.Contains("No space left on device"));
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
