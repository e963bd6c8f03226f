using NUnit.Framework;
using WireGate.Core.Configuration;
using WireGate.Core.Policy;
using WireGate.Core.Sessions;
using WireGate.Testing.Admin;

namespace WireGate.Core.Tests.Policy;

public sealed class GrantsTests
{
    private static readonly GatewayConfig Config = SampleConfig.Create("/nowhere/admin.sock");

    [TestCase("local", "dba", "orders", null, true)]
    [TestCase("local", "dba", "orders", "rw", true)]
    [TestCase("local", "dba", "orders", "ro", false, TestName = "A_login_that_the_grant_does_not_open_is_not_served")]
    [TestCase("local", "dba", "billing", null, false)]
    [TestCase("local", "agents", "orders", null, false)]
    [TestCase("unix", "dba", "orders", null, false, TestName = "A_grant_without_an_issuer_is_for_local_identities_only")]
    public void Serves_exactly_what_a_grant_names(string issuer, string group, string target, string? login, bool served)
    {
        Identity identity = new() { Issuer = issuer, Subject = "alice", Groups = [group] };
        Assert.That(Grants.Serving(Config, identity, Config.Targets[target], login).Any(), Is.EqualTo(served));
    }

    [TestCase("alice", "alice", true)]
    [TestCase("alice", "Alice", false)]
    [TestCase("*", "alice", true)]
    [TestCase("*", "", true)]
    [TestCase("*", "repo:x", false)]
    [TestCase("repo:acme/*", "repo:acme/shop", true)]
    [TestCase("repo:acme/*", "repo:acme/shop/x", false)]
    [TestCase("repo:acme/*", "repo:acme/shop:x", false)]
    [TestCase("repo:*/shop", "repo:acme/shop", true)]
    [TestCase("a*b*c", "aXbYbZc", true)]
    [TestCase("a*b*c", "aXbYbZ", false)]
    [TestCase("a*:*c", "ax:yc", true)]
    [TestCase("", "a", false)]
    public void A_star_crosses_neither_colon_nor_slash(string pattern, string text, bool fits) =>
        Assert.That(Grants.MatchesPattern(pattern, text), Is.EqualTo(fits));
}
