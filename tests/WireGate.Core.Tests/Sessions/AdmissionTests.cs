using System.Net;
using NUnit.Framework;
using WireGate.Core.Configuration;
using WireGate.Core.Sessions;
using WireGate.Testing.Time;

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

    /// <summary>The same with a house that nobody fills.</summary>
    private LimitsConfig Roomy => _limits with { SessionsPerListener = 1_000, SessionsPerSource = 1_000 };

    [Test]
    public void A_full_listener_and_a_full_source_are_told_so()
    {
        var admission = new Admission(new ManualTime());
        for (int i = 0; i < 3; i++)
        {
            Assert.That(Enter(admission, Source, _limits).Full, Is.Null);
            Assert.That(Prove(admission, Subject(i)), Is.Null);
        }

        Assert.That(Enter(admission, Source, _limits).Full, Does.Contain("source"));
        Assert.That(Prove(admission, Subject(3)), Is.Null);
        Assert.That(Enter(admission, IPAddress.Parse("192.0.2.8"), _limits).Full, Does.Contain("listener"));
        Assert.That(Prove(admission, Subject(4)), Does.Contain("listener"), "who came in before it was full");
        admission.Leave("pg", Source, Subject(0));
        Assert.That(Prove(admission, Subject(4)), Is.Null);
    }

    [Test]
    public void A_small_house_drops_nobody_by_chance()
    {
        var admission = new Admission(new ManualTime());
        LimitsConfig limits = _limits with { SessionsPerListener = 2, UnprovenPerSource = 1_000 };
        for (int i = 0; i < 400; i++)
        {
            Assert.That(Enter(admission, Source, limits).TurnedAway, Is.Null);
        }
    }

    [Test]
    public void Those_who_prove_nothing_do_not_fill_the_house_for_those_who_can()
    {
        LimitsConfig limits = _limits with { SessionsPerListener = 1_000 };
        var admission = new Admission(new ManualTime());
        for (int i = 0; i <= 500; i++)
        {
            Assert.That(Enter(i), Is.Null, "up to a half everybody comes in");
        }

        int dropped = 0;
        for (int i = 0; admission.Unproven("pg") < 1_000; i++)
        {
            dropped += Enter(i) is null ? 0 : 1;
            Assert.That(i, Is.LessThan(1_000_000));
        }

        Assert.That(dropped, Is.Positive, "then chance decides");
        Assert.That(Enter(0), Does.Contain("proven nothing"), "and in the end nobody");
        Assert.That(admission.TryProve("pg", Alice, At(0), limits), Is.Null, "who is in can prove itself all the same");
        Assert.That(admission.TryEnter("pg", IPAddress.Parse("192.0.2.9"), limits with { SessionsPerListener = 4_000 }, out string? full), Is.Null);
        Assert.That(full, Is.Null);

        string? Enter(int i) => admission.TryEnter("pg", At(i), limits, out _);
        static IPAddress At(int i) => new([10, (byte)(i >> 16), (byte)(i >> 8), (byte)i]);
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
    public void The_users_of_this_machine_are_not_one_another_s_hostages()
    {
        var admission = new Admission(new ManualTime());
        for (int i = 0; i < 2 * _limits.UnprovenPerSource; i++)
        {
            Assert.That(Enter(admission, null).TurnedAway, Is.Null);
            Assert.That(Enter(admission, IPAddress.Loopback).TurnedAway, Is.Null);
        }
    }

    [Test]
    public void An_identity_has_as_many_sessions_as_it_may_and_gets_them_back()
    {
        var admission = new Admission(new ManualTime());
        Assert.That(Prove(admission, Alice), Is.Null);
        Assert.That(Prove(admission, Alice), Is.Null);
        Assert.That(Prove(admission, Alice), Does.Contain("identity"));
        admission.Leave("pg", Source, Alice);
        Assert.That(Prove(admission, Alice), Is.Null);
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

    private static Identity Subject(int i) => Alice with { Subject = $"s{i}" };

    private string? Prove(Admission admission, Identity identity) => admission.TryProve("pg", identity, Source, _limits);

    private (string? TurnedAway, string? Full) Enter(Admission admission, IPAddress? source, LimitsConfig? limits = null) =>
        (admission.TryEnter("pg", source, limits ?? Roomy, out string? full), full);
}
