using System.Net;
using NUnit.Framework;
using WireGate.Core.Credentials;
using WireGate.Core.Sessions;

namespace WireGate.Core.Tests.Credentials;

public sealed class PlaceholderChecksTests
{
    private static readonly DateTimeOffset Now = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    [Test]
    public void An_unknown_one_is_refused_and_is_the_default_verdict()
    {
        Assert.That(PlaceholderChecks.Judge(null, Now, IPAddress.Loopback), Is.EqualTo(PlaceholderVerdict.Unknown));
        Assert.That(default(PlaceholderVerdict), Is.EqualTo(PlaceholderVerdict.Unknown));
    }

    [Test]
    public void The_window_includes_its_first_moment_and_excludes_its_last()
    {
        Placeholder p = Samples.Placeholder with { NotBefore = Now, Expires = Now.AddMinutes(1) };
        Assert.That(PlaceholderChecks.Judge(p, Now.AddTicks(-1), null), Is.EqualTo(PlaceholderVerdict.NotYetValid));
        Assert.That(PlaceholderChecks.Judge(p, Now, null), Is.EqualTo(PlaceholderVerdict.Ok));
        Assert.That(PlaceholderChecks.Judge(p, p.Expires.AddTicks(-1), null), Is.EqualTo(PlaceholderVerdict.Ok));
        Assert.That(PlaceholderChecks.Judge(p, p.Expires, null), Is.EqualTo(PlaceholderVerdict.Expired));
    }

    [Test]
    public void A_revoked_one_and_a_used_up_one_are_refused()
    {
        Assert.That(PlaceholderChecks.Judge(Samples.Placeholder with { Revoked = Now }, Now, null), Is.EqualTo(PlaceholderVerdict.Revoked));
        Assert.That(PlaceholderChecks.Judge(Samples.Placeholder with { UsesLeft = 0 }, Now, null), Is.EqualTo(PlaceholderVerdict.UsedUp));
        Assert.That(PlaceholderChecks.Judge(Samples.Placeholder with { UsesLeft = 1 }, Now, null), Is.EqualTo(PlaceholderVerdict.Ok));
    }

    [TestCase("10.0.0.0/8", "10.1.2.3", PlaceholderVerdict.Ok)]
    [TestCase("10.0.0.0/8", "::ffff:10.1.2.3", PlaceholderVerdict.Ok)]
    [TestCase("10.0.0.0/8", "11.1.2.3", PlaceholderVerdict.WrongSource)]
    [TestCase("10.0.0.0/8", "::ffff:11.1.2.3", PlaceholderVerdict.WrongSource)]
    [TestCase("::ffff:10.0.0.0/104", "10.1.2.3", PlaceholderVerdict.Ok)]
    [TestCase("2001:db8::/32", "2001:db8::1", PlaceholderVerdict.Ok)]
    [TestCase("2001:db8::/32", "10.1.2.3", PlaceholderVerdict.WrongSource)]
    [TestCase("::/0", "10.1.2.3", PlaceholderVerdict.WrongSource)]
    [TestCase("0.0.0.0/0", "2001:db8::1", PlaceholderVerdict.WrongSource)]
    [TestCase("10.0.0.0/8", null, PlaceholderVerdict.WrongSource)]
    public void A_source_is_in_the_network_or_refused(string network, string? source, PlaceholderVerdict expected)
    {
        Placeholder p = Samples.Placeholder with { Sources = [IPNetwork.Parse("192.0.2.0/24"), IPNetwork.Parse(network)] };
        Assert.That(PlaceholderChecks.Judge(p, Now, source is null ? null : IPAddress.Parse(source)), Is.EqualTo(expected));
    }

    internal static class Samples
    {
        internal static readonly PlaceholderProof Proof = new(new byte[32], new byte[16], 4096, new byte[32], new byte[32]);

        internal static readonly Identity Alice = new() { Issuer = Identity.LocalIssuer, Subject = "alice", Groups = ["dba", "sre"] };

        internal static readonly Placeholder Placeholder = new()
        {
            Id = "0123456789",
            Identity = Alice,
            Targets = ["orders", "billing"],
            NotBefore = Now.AddHours(-1),
            Expires = Now.AddHours(1),
            MintedBy = Alice,
            Minted = Now.AddHours(-1),
            Proof = Proof,
        };
    }
}
