using System.Security.Cryptography;
using System.Text.Json;
using NUnit.Framework;
using static WireGate.Ssh.Tests.Relaying.RelayedSession;

namespace WireGate.Ssh.Tests.Relaying;

/// <summary>What the audit log has of what passes.</summary>
internal sealed class RelayAuditTests : RelayFixture
{
    [Test]
    public async Task What_is_set_for_a_command_is_in_the_audit_log_with_it()
    {
        await RunAsync(async (client, upstream) =>
        {
            await OpenSessionAsync(client, upstream);
            await PassAsync(client, upstream, Request(Theirs, "env", wantsReply: false).String("LANG").String("C.UTF-8"));
            await SendAsync(client, Request(Theirs, "env", wantsReply: false).String("LD_PRELOAD").String("/x"));
            await PassAsync(client, upstream, Request(Theirs, "exec").String("echo"));
        });

        Assert.That(Relayed.Audit.Operations.Single().GetProperty("environment").GetRawText(), Is.EqualTo("[\"LANG=C.UTF-8\"]"));
    }

    [TestCase(15)]
    [TestCase(70_000)]
    public async Task A_command_that_is_no_text_is_in_the_audit_log_by_what_can_be_shown_and_its_digest(int length)
    {
        byte[] command = [.. "touch /x #"u8, 0xff, .. Enumerable.Repeat((byte)'x', length)];
        await RunAsync(async (client, upstream) =>
        {
            await OpenSessionAsync(client, upstream);
            await PassAsync(client, upstream, Request(Theirs, "exec").String(command));
        });
        JsonElement operation = Relayed.Audit.Operations.Single();

        Assert.That(operation.GetProperty("exec").GetString(), Does.StartWith("touch /x #\\x{ff}xxxxxxxxxxxxxxx"));
        Assert.That(operation.GetProperty("bytes").GetInt32(), Is.EqualTo(command.Length));
        Assert.That(operation.GetProperty("sha256").GetString(), Is.EqualTo(Convert.ToHexStringLower(SHA256.HashData(command))));
    }

    [Test]
    public async Task A_record_stays_within_its_limit_whatever_has_to_be_escaped()
    {
        await RunAsync(async (client, upstream) =>
        {
            await OpenSessionAsync(client, upstream);
            for (int i = 0; i < 64; i++)
            {
                await PassAsync(client, upstream, Request(Theirs, "env", wantsReply: false).String($"LC_{new string('\\', 125)}").String(new string('\'', 128)));
            }

            await PassAsync(client, upstream, Request(Theirs, "exec").String(new string('\'', 33_000)));
        });
        JsonElement operation = Relayed.Audit.Operations.Single();

        Assert.That(operation.GetRawText().Length, Is.LessThan(256 * 1024));
        Assert.That((operation.TryGetProperty("sha256", out _), operation.TryGetProperty("environmentSha256", out _)), Is.EqualTo((true, true)));
    }
}
