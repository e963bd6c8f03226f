using System.Net;
using NUnit.Framework;
using WireGate.Core.Configuration;
using WireGate.Core.Sessions;
using WireGate.Testing;

namespace WireGate.Core.Tests.Sessions;

public sealed class AdmissionTests
{
    private static readonly IPAddress Source = IPAddress.Parse("192.0.2.7");
    private static readonly Identity Alice = new() { Issuer = Identity.LocalIssuer, Subject = "alice" };

    private readonly LimitsConfig _limits = new()
    {
        SessionsPerListener = 4,
        SessionsPerSource = 3,
        SessionsPerIdentity = 2,
        UnprovenPerSource = 5,
    };

    [Test]
    public void A_full_listener_and_a_full_source_are_told_so()
    {
        var admission = new Admission(new ManualTime());
        Assert.That(Enter(admission, Source).Full, Is.Null);
        Enter(admission, Source);
        Enter(admission, Source);
        Assert.That(Enter(admission, Source).Full, Does.Contain("source"));
        Assert.That(Enter(admission, IPAddress.Parse("192.0.2.8")).Full, Does.Contain("listener"));
    }

    [Test]
    public void Who_proves_nothing_is_turned_away_without_a_word()
    {
        var admission = new Admission(new ManualTime());
        for (int i = 0; i < 5; i++)
        {
            Assert.That(Enter(admission, Source).TurnedAway, Is.Null);
        }

        Assert.That(Enter(admission, Source).TurnedAway, Does.Contain("proven nothing"));
        admission.Leave("pg", Source, null);
        Assert.That(Enter(admission, Source).TurnedAway, Is.Null, "one that left makes room");
    }

    [Test]
    public void An_identity_has_as_many_sessions_as_it_may_and_gets_them_back()
    {
        var admission = new Admission(new ManualTime());
        Assert.That(admission.TryProve(Alice, Source, _limits), Is.True);
        Assert.That(admission.TryProve(Alice, Source, _limits), Is.True);
        Assert.That(admission.TryProve(Alice, Source, _limits), Is.False);
        admission.Leave("pg", Source, Alice);
        Assert.That(admission.TryProve(Alice, Source, _limits), Is.True);
    }

    [Test]
    public void Penalties_add_up_shut_out_and_are_served()
    {
        var time = new ManualTime();
        var admission = new Admission(time);
        for (int i = 0; i < 4; i++)
        {
            Assert.That(Enter(admission, Source).TurnedAway, Is.Null, $"{i} failures");
            admission.Leave("pg", Source, null);
            admission.Penalize(Source, _limits);
        }

        Assert.That(Enter(admission, Source).TurnedAway, Does.Contain("failed logins"));
        Assert.That(Enter(admission, IPAddress.Parse("192.0.2.8")).TurnedAway, Is.Null, "another source is nobody's hostage");
        time.Advance(TimeSpan.FromSeconds(5));
        Assert.That(Enter(admission, Source).TurnedAway, Is.Null);
    }

    [Test]
    public void A_penalty_never_grows_beyond_its_maximum()
    {
        var time = new ManualTime();
        var admission = new Admission(time);
        for (int i = 0; i < 1_000; i++)
        {
            admission.Penalize(Source, _limits);
        }

        time.Advance(_limits.PenaltyMaximum - _limits.PenaltyThreshold);
        Assert.That(Enter(admission, Source).TurnedAway, Is.Null);
    }

    [Test]
    public void A_v6_network_of_64_bits_is_one_source()
    {
        var admission = new Admission(new ManualTime());
        for (int i = 0; i < 4; i++)
        {
            admission.Penalize(IPAddress.Parse($"2001:db8:0:1::{i + 1}"), _limits);
        }

        Assert.That(Enter(admission, IPAddress.Parse("2001:db8:0:1:ffff::9")).TurnedAway, Is.Not.Null);
        Assert.That(Enter(admission, IPAddress.Parse("2001:db8:0:2::1")).TurnedAway, Is.Null);
    }

    [Test]
    public void This_machine_itself_is_never_shut_out()
    {
        var admission = new Admission(new ManualTime());
        for (int i = 0; i < 10; i++)
        {
            admission.Penalize(IPAddress.Loopback, _limits);
            admission.Penalize(null, _limits);
        }

        Assert.That(Enter(admission, IPAddress.Loopback).TurnedAway, Is.Null);
        Assert.That(Enter(admission, null).TurnedAway, Is.Null);
    }

    private (string? TurnedAway, string? Full) Enter(Admission admission, IPAddress? source) =>
        (admission.TryEnter("pg", source, _limits, out string? full), full);
}
