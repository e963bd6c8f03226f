using NUnit.Framework;
using WireGate.Configuration;

namespace WireGate.Tests.Configuration;

internal sealed class RuleWarningsTests
{
    private const string Reads = "{ name: reads, match: { target: orders, sql: { effects: [read] } }, do: allow }";

    [TestCase("", "rules: none lets anything pass, so nothing does; add one with do: allow", TestName = "Without_rules_nothing_passes")]
    [TestCase(
        "rules: { list: [{ name: d, match: { protocol: postgres }, do: deny }] }",
        "rules: none lets anything pass, so nothing does; add one with do: allow",
        TestName = "Denials_let_nothing_pass")]
    [TestCase("rules: { default: allow }", "rules.default: allow lets pass whatever no rule denies", TestName = "A_default_that_allows_is_told")]
    [TestCase("rules: { list: [" + Reads + "] }", "grants[1] (b): no rule lets anything pass", TestName = "A_grant_that_no_rule_serves_is_told")]
    [TestCase(
        "rules: { list: [" + Reads + ", { name: h, match: { target: other }, do: hold, approvers: { groups: [dba] } }] }",
        "rules.list[1] (h): nothing that it holds can be approved, admin.roles.approve has too few people in its groups",
        TestName = "A_hold_serves_a_grant")]
    [TestCase(
        "rules: { list: [" + Reads + ", { name: o, match: { target: other, operations: all, login: rw }, do: allow }] }",
        "grants[1] (b): no rule lets anything pass",
        "rules.list[1] (o): it never matches, no grant gives to whom it is for the target and login that it is about",
        TestName = "An_allow_of_a_login_that_no_grant_gives_is_told")]
    [TestCase(
        "rules: { list: [{ name: o, match: { operations: all }, do: allow }, { name: p, match: { from: { subject: carol }, operations: all }, do: allow }] }",
        "rules.list[1] (p): it never matches, no grant gives to whom it is for the target and login that it is about",
        TestName = "An_allow_of_somebody_without_a_grant_is_told")]
    [TestCase(
        "rules: { list: [{ name: o, match: { operations: all }, do: allow }, { name: g, match: { copy: { with: [git], paths: [\"/srv/git/**\"] } }, do: allow }, { name: w, match: { sftp: { operations: [write], paths: [\"/srv/**\"] } }, do: allow }] }",
        "rules.list[1] (g): what it says of SSH never matches, its targets are of protocol postgres",
        "rules.list[2] (w): what it says of SSH never matches, its targets are of protocol postgres",
        "rules.list[1] (g): w lets files be written where git looks, and who writes them decides what git reads there and, by hooks, what it runs: keep their paths apart",
        TestName = "Git_where_files_are_written_is_told")]
    [TestCase(
        "rules: { list: [{ name: o, match: { operations: all }, do: allow }, { name: all, do: deny }] }",
        "rules.list[1] (all): it denies everything, to everybody",
        TestName = "A_deny_of_everything_is_told")]
    [TestCase(
        "rules: { list: [{ name: o, match: { operations: all }, do: allow }, { name: all, do: deny, mode: observe }] }",
        TestName = "An_observed_deny_of_everything_is_not")]
    [TestCase(
        "rules: { list: [{ name: o, match: { operations: all }, do: allow }] }\nmasks: { pii: { detect: [email] } }",
        "masks.pii: no target and no rule puts it on",
        TestName = "A_mask_that_nobody_puts_on_is_told")]
    [TestCase(
        "rules: { external: { opa: \"http://opa.internal:8181/v1\" }, list: [{ name: o, match: { operations: all }, do: allow }] }",
        "rules.external.opa: http://opa.internal:8181/v1 goes in clear to another machine: who is on the way reads every statement and answers in its place, write https",
        TestName = "A_decision_point_that_is_asked_in_clear_is_told")]
    [TestCase(
        "rules: { list: [{ name: o, match: { operations: all }, do: allow }, { name: d, match: { sql: { tables: [\"public.orders_[0-9\"], columns: [public.t.a_*], functions: [pg_catalog.f?] } }, do: deny }] }",
        "rules.list[1] (d): public.orders_[0-9: only * is a pattern, [ stands for itself",
        "rules.list[1] (d): pg_catalog.f?: only * is a pattern, ? stands for itself",
        TestName = "What_is_a_pattern_elsewhere_is_told")]
    [TestCase(
        "rules: { list: [{ name: o, match: { operations: all }, do: allow, mask: [pii] }] }\nmasks: { pii: { columns: ['public.\"People\".ssn'] } }",
        "masks.pii: public.\"People\".ssn: only * is a pattern, \" stands for itself",
        TestName = "Quotes_in_a_mask_are_told")]
    [TestCase(
        "rules: { list: [{ name: o, match: { operations: all }, do: allow }, { name: d, match: { sql: { tables: [public.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa, public.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab, public.*aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa] } }, do: deny }] }",
        "rules.list[1] (d): public.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab: PostgreSQL cuts names after 63 bytes, so nothing has this one",
        TestName = "A_name_that_nothing_can_have_is_told")]
    [TestCase(
        "rules: { list: [{ name: o, match: { operations: all }, do: allow }, { name: s, match: { exec: [\"ls *\"] }, do: allow }, { name: d, match: { shell: true, sql: { effects: [ddl] } }, do: deny }] }",
        "rules.list[1] (s): what it says of SSH never matches, its targets are of protocol postgres",
        "rules.list[2] (d): what it says of SSH never matches, its targets are of protocol postgres",
        "rules.list[1] (s): ls *: this is the whole command, * stands for itself: write { argv: [ … ] } if it is a pattern",
        TestName = "A_rule_of_another_protocol_is_told")]
    [TestCase(
        "rules: { list: [{ name: s, match: { sftp: {} }, do: allow }] }",
        "grants[0] (a): no rule lets anything pass",
        "grants[1] (b): no rule lets anything pass",
        "rules.list[0] (s): what it says of SSH never matches, its targets are of protocol postgres",
        TestName = "A_rule_of_another_protocol_serves_no_grant")]
    [TestCase(
        "rules: { list: [{ name: o, match: { operations: all }, do: allow }, { name: d, match: { exec: [{ argv: [\"r*\", \"a?\"] }], subsystem: \"n[a]\", sftp: { paths: [\"/srv/{a}\"] }, copy: { paths: [\"/srv/[a]\"] }, requests: [\"a?@b\"], forward: [\"/run/a?\"] }, do: deny }] }",
        "rules.list[1] (d): what it says of SSH never matches, its targets are of protocol postgres",
        "rules.list[1] (d): r* a?: its first word is a pattern, so it is about every program of such a name",
        "rules.list[1] (d): a?: only * is a pattern, ? stands for itself",
        "rules.list[1] (d): /srv/[a]: only * and ** are patterns, [ stands for itself",
        "rules.list[1] (d): a?@b: only * is a pattern, ? stands for itself",
        "rules.list[1] (d): n[a]: only * is a pattern, [ stands for itself",
        "rules.list[1] (d): /srv/{a}: only * and ** are patterns, { stands for itself",
        "rules.list[1] (d): /run/a?: only * and ** are patterns, ? stands for itself",
        TestName = "What_is_a_pattern_elsewhere_is_told_of_SSH_too")]
    [TestCase(
        "rules: { list: [{ name: h, match: { http: {} }, do: allow }] }",
        "grants[0] (a): no rule lets anything pass",
        "grants[1] (b): no rule lets anything pass",
        "rules.list[0] (h): its http never matches, its targets are of protocol postgres",
        TestName = "A_rule_of_HTTP_serves_no_grant_of_another_protocol")]
    [TestCase(
        "rules: { list: [{ name: o, match: { operations: all }, do: allow }, { name: d, match: { http: { paths: [\"/a/{id}\"], query: { q: \"a?\" }, headers: { x: \"^a\" } } }, do: deny }] }",
        "rules.list[1] (d): its http never matches, its targets are of protocol postgres",
        "rules.list[1] (d): /a/{id}: only * and ** are patterns, { stands for itself",
        "rules.list[1] (d): a?: only * is a pattern, ? stands for itself",
        "rules.list[1] (d): ^a: only * is a pattern, ^ stands for itself",
        TestName = "What_is_a_pattern_elsewhere_is_told_of_HTTP_too")]
    [TestCase(
        "rules: { external: { opa: \"http://127.0.0.1:8181/v1\" }, list: [{ name: o, match: { operations: all }, do: allow }] }",
        TestName = "A_decision_point_of_this_machine_may_be_asked_in_clear")]
    public void Warns(string rules, params string[] expected)
    {
        using var directory = new TemporaryDirectory();
        ConfigResult result = ConfigLoader.Load(directory.Write("wiregate.yaml", $$"""
            store: sqlite:/s.db
            audit: { to: /audit }
            listeners: [{ name: pg, protocol: postgres, address: 127.0.0.1 }]
            secrets: { s: { env: S } }
            targets:
              orders: { protocol: postgres, address: db, logins: { ro: { user: app, password: s } } }
              other: { protocol: postgres, address: db, logins: { ro: { user: app, password: s }, rw: { user: rw, password: s } } }
            grants:
              - { name: a, to: { subject: alice }, targets: [orders] }
              - { name: b, to: { subject: bob }, targets: [other] }
            {{rules}}

            """));

        Assert.That(result.Errors, Is.Empty);
        Assert.That(ConfigWarnings.Find(result.Config!), Is.EqualTo(expected));
    }

    [Test]
    public void Warns_of_masks_that_hide_nothing_where_they_are()
    {
        using var directory = new TemporaryDirectory();
        ConfigResult result = ConfigLoader.Load(directory.Write("wiregate.yaml", """
            store: sqlite:/s.db
            audit: { to: /audit }
            listeners: [{ name: web, protocol: http, address: 127.0.0.1:8080 }, { name: pg, protocol: postgres, address: 127.0.0.1 }]
            secrets: { s: { env: S } }
            targets:
              api: { protocol: http, address: "https://api", hosts: [api], logins: { a: { bearer: s } }, mask: [columns, members, both, found] }
              db: { protocol: postgres, address: db, logins: { ro: { user: app, password: s } }, mask: [columns, members, both, found] }
            grants: [{ name: a, to: { subject: alice }, targets: [api, db] }]
            rules:
              list:
                - { name: o, match: { operations: all }, do: allow, mask: [columns, members] }
                - { name: h, match: { http: {} }, do: allow, mask: [columns, members] }
                - { name: s, match: { sql: { effects: [read] } }, do: allow, mask: [columns, members] }
            masks:
              columns: { columns: [public.a.b] }
              members: { json: ["$..b"] }
              both: { columns: [public.a.b], json: ["$..b"] }
              found: { detect: [email] }

            """));

        Assert.That(result.Errors, Is.Empty);
        Assert.That(ConfigWarnings.Find(result.Config!), Is.EqualTo(new[]
        {
            "targets.api.mask: columns hides nothing there, only PostgreSQL has columns: add json or detect",
            "targets.db.mask: members hides nothing there, only HTTP has members of JSON: add columns or detect",
            "rules.list[1] (h): columns hides nothing there, only PostgreSQL has columns: add json or detect",
            "rules.list[2] (s): members hides nothing there, only HTTP has members of JSON: add columns or detect",
        }));
    }

    [Test]
    public void Warns_of_targets_of_HTTP()
    {
        using var directory = new TemporaryDirectory();
        ConfigResult result = ConfigLoader.Load(directory.Write("wiregate.yaml", """
            store: sqlite:/s.db
            audit: { to: /audit }
            listeners: [{ name: web, protocol: http, address: 127.0.0.1:8080 }]
            secrets: { s: { env: S } }
            targets:
              near: { protocol: http, address: "http://localhost:9000", hosts: [near], logins: { a: { query: { name: k, secret: s } } } }
              far: { protocol: http, address: ["http://127.0.0.1:9000", "http://api.internal"], path: /far, logins: { a: { bearer: s } } }
              lost: { protocol: http, address: "https://api.internal", logins: { a: { bearer: s } } }
            grants: [{ name: a, to: { subject: alice }, targets: [near, far, lost] }]
            rules: { list: [{ name: h, match: { http: { methods: [GET] } }, do: allow }, { name: s, match: { sql: { effects: [read] } }, do: deny }] }

            """));

        Assert.That(result.Errors, Is.Empty);
        Assert.That(ConfigWarnings.Find(result.Config!), Is.EqualTo(new[]
        {
            "grants[0] (a): nobody can use it for lost, no listener reaches that target",
            "targets.far.address: http goes in clear to another machine: who is on the way reads the credential and answers in its place, write https",
            "rules.list[1] (s): its sql never matches, its targets are of protocol http",
        }));
    }
}
