using System.Collections.Frozen;
using System.Net;
using NUnit.Framework;
using WireGate.Core.Configuration;
using WireGate.Core.Credentials;
using WireGate.Core.Sessions;
using Samples = WireGate.Core.Tests.Credentials.PlaceholderChecksTests.Samples;

namespace WireGate.Core.Tests.Credentials;

public sealed class MintRulesTests
{
    private static readonly DateTimeOffset Now = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    private static readonly MintRequest First = new() { Identity = Samples.Alice, MintedBy = Samples.Alice, Targets = ["orders"] };

    private static readonly Placeholder Parent = Samples.Placeholder with
    {
        Login = "ro",
        Sources = [IPNetwork.Parse("10.0.0.0/8")],
        SessionLifetime = TimeSpan.FromHours(1),
        UsesLeft = 5,
    };

    private static readonly MintRequest Child = new() { MintedBy = Samples.Alice, Parent = Parent.Id };

    private static FrozenDictionary<string, string> Claims(int count, string value = "v") =>
        Enumerable.Range(0, count).ToFrozenDictionary(i => $"c{i}", _ => value);

    private static IEnumerable<TestCaseData<MintRequest, string>> Wider =>
    [
        new(Child with { Identity = new Identity { Issuer = "local", Subject = "bob" } }, "subject"),
        new(Child with { Identity = Samples.Alice with { Groups = ["dba", "root"] } }, "group"),
        new(Child with { Identity = Samples.Alice with { Claims = Claims(1) } }, "claims"),
        new(Child with { Targets = ["orders", "payroll"] }, "target"),
        new(Child with { Login = "rw" }, "login"),
        new(Child with { Sources = [IPNetwork.Parse("0.0.0.0/0")] }, "source"),
        new(Child with { Sources = [IPNetwork.Parse("10.1.0.0/16"), IPNetwork.Parse("2001:db8::/32")] }, "source"),
        new(Child with { NotBefore = Parent.NotBefore.AddMinutes(-1) }, "before its parent"),
        new(Child with { Ttl = TimeSpan.FromMinutes(61) }, "outlive"),
        new(Child with { SessionLifetime = TimeSpan.FromHours(2) }, "sessions"),
        new(Child with { Uses = 6 }, "uses"),
    ];

    private static IEnumerable<TestCaseData<MintRequest, string>> Bad =>
    [
        new(First with { Identity = null }, "subject"),
        new(First with { Targets = [] }, "target"),
        new(First with { Ttl = TimeSpan.Zero }, "ttl"),
        new(First with { Ttl = TimeSpan.FromHours(9) }, "maxTtl"),
        new(First with { SessionLifetime = TimeSpan.Zero }, "session"),
        new(First with { SessionLifetime = MintRules.LongestSession + TimeSpan.FromMilliseconds(1) }, "30 days"),
        new(First with { Uses = 0 }, "uses"),
        new(First with { NotBefore = Now.AddHours(1) }, "expire before"),
        new(First with { Parent = "9999999999" }, "no such parent"),
        new(First with { Targets = ["orders\n"] }, "control"),
        new(First with { Login = "" }, "empty"),
        new(First with { Targets = [.. Enumerable.Repeat("orders", 101)] }, "too many"),
        new(First with { Identity = new Identity { Issuer = "local", Subject = new string('a', 256) } }, "longer"),
        new(First with { Identity = Samples.Alice with { Claims = Claims(17) } }, "too many claims"),
        new(First with { Identity = Samples.Alice with { Claims = Claims(1, new string('a', 256)) } }, "longer"),
        new(First with { Identity = Samples.Alice with { Claims = Claims(1, "") } }, "empty"),
    ];

    [Test]
    public void Takes_the_configured_lifetime_when_none_is_asked_for()
    {
        Placeholder p = Make(First);
        Assert.That(p.Expires, Is.EqualTo(Now.AddMinutes(15)));
        Assert.That(p.NotBefore, Is.EqualTo(Now));
        Assert.That(p.UsesLeft, Is.Null);
        Assert.That(p.Sources, Is.Empty);
    }

    [Test]
    public void A_childs_claims_are_its_parents()
    {
        Placeholder parent = Parent with { Identity = Samples.Alice with { Claims = Claims(2) } };
        MintRequest child = Child with { Identity = Samples.Alice };

        Assert.That(
            MintRules.TryMake(child, new PlaceholderConfig(), [parent], Now, "c", parent.Proof, out Placeholder? made, out string? refusal), Is.True, refusal);
        Assert.That(made!.Identity.Claims, Is.EqualTo(Claims(2)));
        child = child with { Identity = Samples.Alice with { Claims = Claims(1) } };
        Assert.That(MintRules.TryMake(child, new PlaceholderConfig(), [parent], Now, "c", parent.Proof, out _, out refusal), Is.False);
        Assert.That(refusal, Does.Contain("claims"));
    }

    [TestCaseSource(nameof(Bad))]
    public void Refuses_what_is_unsound(MintRequest request, string because) => Assert.That(Refusal(request), Does.Contain(because));

    [Test]
    public void A_child_takes_over_what_it_leaves_out()
    {
        Placeholder p = Make(Child, Parent);
        Assert.That(p.Identity, Is.EqualTo(Parent.Identity));
        Assert.That(p.Identity.Groups, Is.EqualTo(Parent.Identity.Groups));
        Assert.That(p.Targets, Is.EqualTo(Parent.Targets));
        Assert.That(p.Login, Is.EqualTo("ro"));
        Assert.That(p.Sources, Is.EqualTo(Parent.Sources));
        Assert.That(p.SessionLifetime, Is.EqualTo(Parent.SessionLifetime));
        Assert.That(p.Parent, Is.EqualTo(Parent.Id));
    }

    [Test]
    public void A_child_may_be_narrower_in_every_respect()
    {
        Placeholder p = Make(
            Child with
            {
                Identity = Samples.Alice with { Groups = [] },
                Targets = ["orders"],
                Sources = [IPNetwork.Parse("::ffff:10.1.0.0/112")],
                Ttl = TimeSpan.FromMinutes(1),
                SessionLifetime = TimeSpan.FromMinutes(1),
                Uses = 5,
            },
            Parent);
        Assert.That(p.Sources, Is.EqualTo(new[] { IPNetwork.Parse("10.1.0.0/16") }));
        Assert.That(p.Identity.Groups, Is.Empty);
    }

    [TestCaseSource(nameof(Wider))]
    public void A_child_is_never_wider(MintRequest request, string because) => Assert.That(Refusal(request, Parent), Does.Contain(because));

    [Test]
    public void The_default_lifetime_is_cut_to_the_parents() =>
        Assert.That(Make(Child, Parent with { Expires = Now.AddMinutes(2) }).Expires, Is.EqualTo(Now.AddMinutes(2)));

    [Test]
    public void Nothing_comes_of_a_parent_that_may_not_be_presented()
    {
        Assert.That(Refusal(Child, Parent with { Revoked = Now }), Does.Contain("Revoked"));
        Assert.That(Refusal(Child, Parent with { Expires = Now }), Does.Contain("Expired"));
        Assert.That(Refusal(Child, Parent with { UsesLeft = 0 }), Does.Contain("UsedUp"));
        Assert.That(Refusal(Child, Parent, Parent with { Id = "A", Revoked = Now }), Does.Contain("Revoked"));
    }

    [Test]
    public void Three_narrowings_are_the_limit()
    {
        Assert.That(Make(Child, Parent, Parent, Parent), Is.Not.Null);
        Assert.That(Refusal(Child, Parent, Parent, Parent, Parent), Does.Contain("limit"));
    }

    private static Placeholder Make(MintRequest request, params Placeholder[] ancestors)
    {
        bool made = MintRules.TryMake(
            request, new PlaceholderConfig(), ancestors, Now, "abcdefghij", Samples.Proof, out Placeholder? p, out string? refusal);
        Assert.That(made, Is.True, refusal);
        return p!;
    }

    private static string Refusal(MintRequest request, params Placeholder[] ancestors)
    {
        bool made = MintRules.TryMake(
            request, new PlaceholderConfig(), ancestors, Now, "abcdefghij", Samples.Proof, out _, out string? refusal);
        Assert.That(made, Is.False);
        return refusal!;
    }
}
