using System.Net;
using NUnit.Framework;
using WireGate.Testing.Time;

namespace WireGate.Ssh.Tests.Sessions;

/// <summary>A source whose logins fail is not served for a while; the real ssh comes from there.</summary>
internal sealed class PenaltyTests
{
    private static readonly EndPoint Far = new IPEndPoint(IPAddress.Parse("203.0.113.7"), 4711);

    [Test]
    public async Task A_source_that_guesses_is_turned_away_without_a_word_until_it_has_waited()
    {
        await using var gateway = new TestGateway(Far);
        int guesses = 0;
        string heard;
        while ((heard = await gateway.SshAsync("no placeholder")).Contains("Permission denied", StringComparison.Ordinal) && guesses < 6)
        {
            guesses++;
        }

        Assert.That(guesses, Is.EqualTo(4), "5 s each, and 15 s are suffered");
        Assert.That(heard, Does.Contain("kex_exchange_identification").And.Not.Contain("Permission denied"));
        gateway.Time.Advance(TimeSpan.FromSeconds(4));
        Assert.That(await gateway.SshAsync("no placeholder"), Does.Contain("kex_exchange_identification"));

        gateway.Time.Advance(TimeSpan.FromSeconds(1));
        Assert.That(await gateway.SshAsync("no placeholder"), Does.Contain("Permission denied"), "what is left is suffered again");
        gateway.Time.Advance(TimeSpan.FromSeconds(10));
        await Until.TrueAsync(() => gateway.Audit.Events.Any(e => e.Detail?.Contains("too many failed logins from this source", StringComparison.Ordinal) == true), "the audit log");
    }

    [Test]
    public async Task The_machine_itself_is_not_for_one_of_its_users()
    {
        await using var gateway = new TestGateway();
        for (int i = 0; i < 6; i++)
        {
            Assert.That(await gateway.SshAsync("no placeholder"), Does.Contain("Permission denied"));
        }
    }
}
