using NUnit.Framework;
using WireGate.Core.Configuration;
using WireGate.Core.Policy;
using WireGate.Core.Policy.Facts;
using static WireGate.Core.Tests.Policy.RuleHouse;

namespace WireGate.Core.Tests.Policy;

/// <summary>A deny and a hold match if any part of the operation does.</summary>
internal sealed class DenyTests
{
    private static readonly RuleConfig Everything = Allow(new MatchConfig { AllOperations = true });

    private static bool Denies(MatchConfig match, Operation operation)
    {
        Verdict denied = Judge(operation, Everything, Deny(match)).Verdict;
        Assert.That(Judge(operation, Everything, Hold(match)).Verdict, Is.EqualTo(denied == Verdict.Deny ? Verdict.Hold : Verdict.Allow), "a hold as a deny");
        return denied == Verdict.Deny;
    }

    [Test]
    public void One_effect_suffices() =>
        Assert.That(Denies(Sql(SqlEffects.Write), Text(Statement("select,insert", "read public.a", "write public.b"))), Is.True);

    [Test]
    public void Other_effects_are_not_touched() => Assert.That(Denies(Sql(SqlEffects.Write), Select()), Is.False);

    [Test]
    public void Effect_and_table_are_asked_of_the_same_access()
    {
        SqlOperation copy = Text(Statement("insert", "read public.customers", "write public.orders"));

        Assert.That(Denies(Sql(SqlEffects.Write, tables: "public.orders"), copy), Is.True);
        Assert.That(Denies(Sql(SqlEffects.Write, tables: "public.customers"), copy), Is.False, "it is only read");
    }

    [TestCase("drop role", "drop", ExpectedResult = true, TestName = "A_word_stands_for_the_kinds_that_begin_with_it")]
    [TestCase("drop", "drop", ExpectedResult = true, TestName = "A_word_stands_for_itself")]
    [TestCase("explain,delete", "delete", ExpectedResult = true, TestName = "Any_kind_within_suffices")]
    [TestCase("drop", "drop role", ExpectedResult = false, TestName = "A_longer_word_does_not_stand_for_a_shorter")]
    [TestCase("set", "se", ExpectedResult = false, TestName = "A_word_stands_for_whole_words")]
    public bool Kinds(string kinds, string statements) => Denies(Sql(statements: statements), Text(Statement(kinds, "ddl")));

    [TestCase("public,audit", "audit.orders", ExpectedResult = true, TestName = "Any_candidate_suffices")]
    [TestCase("public,audit", "secret.orders", ExpectedResult = false, TestName = "What_is_no_candidate_is_not_meant")]
    [TestCase("?", "secret.orders", ExpectedResult = true, TestName = "Under_an_unknown_path_the_name_suffices")]
    [TestCase("?", "secret.other", ExpectedResult = false, TestName = "Under_an_unknown_path_another_name_is_not_meant")]
    public bool SearchPath(string path, string tables) => Denies(
        Sql(tables: tables),
        Select("orders") with { SearchPath = path == "?" ? SqlSearchPath.Unknown : SqlSearchPath.Of([.. Words(path)]) });

    [TestCase("pg_catalog.pg_sleep", "pg_catalog.pg_sleep", ExpectedResult = true, TestName = "A_function_is_touched")]
    [TestCase("lo_export", "pg_catalog.lo_export", ExpectedResult = true, TestName = "A_function_without_a_schema_may_be_the_catalogs_for_a_deny")]
    [TestCase("pg_catalog.now", "pg_catalog.pg_sleep", ExpectedResult = false, TestName = "Another_function_is_not_touched")]
    public bool Functions(string function, string functions) =>
        Denies(Sql(functions: functions), Text(Statement("select") with { Functions = [Name(function)] }));

    [Test]
    public void An_unknown_function_is_touched_as_an_unknown_effect() =>
        Assert.That(Denies(Sql(SqlEffects.Unknown), Text(Statement("select") with { UnknownFunctions = [Name("public.f")] })), Is.True);

    [Test]
    public void Whatever_is_named_is_touched_by_what_does_not_tell_what_it_does()
    {
        SqlOperation call = Text(Statement("function call", "unknown") with { IsOpaque = true });

        Assert.That(Denies(Sql(functions: "public.danger"), call), Is.True);
        Assert.That(Denies(Sql(tables: "public.denied"), call), Is.True);
        Assert.That(Denies(Sql(columns: "public.customers.ssn"), call), Is.True);
        Assert.That(Denies(Sql(SqlEffects.Write, tables: "public.denied"), call), Is.True);
        Assert.That(Denies(Sql(statements: "function call"), call), Is.True);
        Assert.That(Denies(Sql(statements: "drop"), call), Is.False, "what it is, is known");
        Assert.That(Denies(Sql(statements: "drop"), Text(Statement("unknown", "unknown") with { IsOpaque = true })), Is.True, "not even that");
    }

    [Test]
    public void What_a_DO_or_a_function_does_inside_is_an_unknown_effect_and_touches_no_table()
    {
        Assert.That(Denies(Sql(tables: "public.denied"), Text(Statement("do", "unknown"))), Is.False);
        Assert.That(Denies(Sql(SqlEffects.Unknown), Text(Statement("do", "unknown"))), Is.True);
        Assert.That(Denies(Sql(tables: "public.denied"), Text(Statement("call") with { UnknownFunctions = [Name("public.f")] })), Is.False);
        Assert.That(Denies(Sql(functions: "public.f"), Text(Statement("call") with { UnknownFunctions = [Name("public.f")] })), Is.True);
    }

    [TestCase("ssn", ExpectedResult = true, TestName = "A_column_is_touched")]
    [TestCase("c.ssn", ExpectedResult = true, TestName = "A_column_is_touched_whatever_its_qualifier")]
    [TestCase("*", ExpectedResult = true, TestName = "A_star_touches_every_column")]
    [TestCase("name", ExpectedResult = false, TestName = "Another_column_is_not_touched")]
    public bool Columns(string column) => Denies(
        Sql(columns: "public.customers.ssn"), Text(Statement("select", "read public.orders", "read public.customers") with { Columns = [Name(column)] }));

    [Test]
    public void A_column_of_a_table_that_is_not_in_the_statement_is_not_touched() =>
        Assert.That(
            Denies(Sql(columns: "public.customers.ssn"), Text(Statement("select", "read public.orders") with { Columns = [Name("ssn")] })), Is.False);

    [TestCase(true, ExpectedResult = false, TestName = "A_WHERE_spares_it")]
    [TestCase(false, ExpectedResult = true, TestName = "A_missing_WHERE_is_touched")]
    public bool Where(bool hasWhere) => Denies(Sql(where: false), Text(Statement("delete", "write public.a") with { HasWhere = hasWhere }));

    [Test]
    public void Each_list_that_is_given_must_be_touched()
    {
        MatchConfig match = Sql(SqlEffects.Write, "delete", "public.orders", where: false);
        SqlStatementFacts delete = Statement("delete", "write public.orders") with { HasWhere = false };

        Assert.That(Denies(match, Text(delete)), Is.True);
        Assert.That(Denies(match, Text(delete with { HasWhere = true })), Is.False);
        Assert.That(Denies(match, Text(delete with { Kinds = ["update"] })), Is.False);
        Assert.That(Denies(match, Text(Statement("delete", "write public.a") with { HasWhere = false })), Is.False);
    }

    [Test]
    public void A_rule_without_an_SQL_part_is_about_everything() =>
        Assert.That(Denies(new MatchConfig(), Text(Statement("begin"))), Is.True);

    [Test]
    public void A_password_of_a_role_is_denied_whatever_rules_allow()
    {
        SqlOperation alter = Text(Statement("alter role", "privilege") with { SetsPassword = true });
        Decision denied = Judge(alter, Everything);

        Assert.That((denied.Verdict, denied.Rule), Is.EqualTo((Verdict.Deny, "credential-minting")));
        Assert.That(denied.Reason, Does.Contain("password"));
    }

    [Test]
    public void The_built_in_rule_can_be_switched_off()
    {
        SqlOperation alter = Text(Statement("alter role", "privilege") with { SetsPassword = true });
        GatewayConfig config = Config(Everything);

        config = config with { Rules = config.Rules with { DeniesCredentialMinting = false } };

        Assert.That(config.RuleBook.For(Alice).Judge(alter, Now).Verdict, Is.EqualTo(Verdict.Allow));
    }
}
