using NUnit.Framework;
using WireGate.Configuration;

namespace WireGate.Tests.Configuration;

internal sealed class ApprovalWarningsTests
{
    private const string Holds = "rules.list[0] (h): nothing that it holds can be approved, admin.roles.approve has too few people in its groups";

    [TestCase("{ issuer: unix, groups: [dba] }", 2)]
    [TestCase("{ unix: [ann], issuer: unix, groups: [sre] }", 1)]
    [TestCase("{ unix: [ann] }", 2, Holds, TestName = "Two_people_are_not_one")]
    [TestCase("{ issuer: unix, groups: [sre] }", 1, Holds, TestName = "The_groups_that_count_are_those_of_the_rule")]
    [TestCase("{ unix: [root] }", 1, "admin.roles.approve: root approves nothing, name people", Holds)]
    [TestCase(
        "{ unix: [zoe, ann] }", 1, "admin.roles.approve: zoe approves nothing, identity.unix does not say who that is",
        TestName = "A_user_who_is_nobody_is_told")]
    public void Warns(string approve, int count, params string[] expected)
    {
        using var directory = new TemporaryDirectory();
        ConfigResult result = ConfigLoader.Load(directory.Write("wiregate.yaml", $$"""
            store: sqlite:/s.db
            audit: { to: /audit }
            listeners: [{ name: pg, protocol: postgres, address: 127.0.0.1 }]
            admin: { roles: { approve: {{approve}} } }
            identity: { unix: [{ user: ann, subject: ann, groups: [dba] }, { user: ben, subject: ben, groups: [dba] },
              { user: sue, subject: sue, groups: [sre] }, { user: root, subject: root, groups: [dba] }] }
            rules: { list: [{ name: h, match: { operations: all }, do: hold, approvers: { groups: [dba], count: {{count}} } }] }

            """));
        Assert.That(result.Errors, Is.Empty);
        Assert.That(ApprovalWarnings.Find(result.Config!), Is.EqualTo(expected));
    }

    [TestCase(1)]
    [TestCase(2, "grants[0] (g): no session under it can be approved, admin.roles.approve has too few people in its groups")]
    public void Warns_of_a_grant_that_nobody_can_approve(int count, params string[] expected)
    {
        using var directory = new TemporaryDirectory();
        ConfigResult result = ConfigLoader.Load(directory.Write("wiregate.yaml", $$"""
            store: sqlite:/s.db
            audit: { to: /audit }
            listeners: [{ name: pg, protocol: postgres, address: 127.0.0.1 }]
            admin: { roles: { approve: { unix: [ann] } } }
            identity: { unix: [{ user: ann, subject: ann, groups: [dba] }] }
            secrets: { s: { file: /s } }
            targets: { t: { protocol: postgres, address: "unix:/s/.s.PGSQL.5432", logins: { ro: { user: x, password: s } } } }
            grants: [{ name: g, to: { issuer: local, groups: [agents] }, targets: [t], hold: { approvers: { groups: [dba], count: {{count}} } } }]

            """));
        Assert.That(result.Errors, Is.Empty);
        Assert.That(ApprovalWarnings.Find(result.Config!), Is.EqualTo(expected));
    }
}
