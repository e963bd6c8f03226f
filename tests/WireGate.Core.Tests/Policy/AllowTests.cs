using NUnit.Framework;
using WireGate.Core.Configuration;
using WireGate.Core.Policy;
using WireGate.Core.Policy.Facts;
using static WireGate.Core.Tests.Policy.RuleHouse;

namespace WireGate.Core.Tests.Policy;

/// <summary>An allow matches only if all of the operation is covered.</summary>
internal sealed class AllowTests
{
    private const SqlEffects ReadWrite = SqlEffects.Read | SqlEffects.Write;

    [TestCase("read", ExpectedResult = Verdict.Allow, TestName = "Every_effect_must_be_named")]
    [TestCase("read,write", ExpectedResult = Verdict.Deny, TestName = "A_data_modifying_CTE_is_a_write")]
    [TestCase("unknown", ExpectedResult = Verdict.Deny, TestName = "An_effect_that_cannot_be_known_is_none_that_was_named")]
    [TestCase("none", ExpectedResult = Verdict.Deny, TestName = "An_access_without_an_effect_is_nothing_that_could_be_covered")]
    public Verdict Effects(string effects) =>
        Judge(Text(Statement("select", [.. Words(effects).Select(e => $"{e} public.orders")])), Allow(Sql(SqlEffects.Read))).Verdict;

    [Test]
    public void An_effect_of_a_newer_kind_is_covered_by_no_rule() =>
        Assert.That(Judge(Text(Statement("select") with { Accesses = [new((SqlEffects)64, null)] }), Allow(Sql((SqlEffects)63))).Verdict, Is.EqualTo(Verdict.Deny));

    [Test]
    public void An_access_of_two_effects_is_covered_only_if_both_are()
    {
        SqlOperation both = Text(Statement("merge") with { Accesses = [new(ReadWrite, Name("public.a"))] });

        Assert.That(Judge(both, Allow(Sql(SqlEffects.Read))).Verdict, Is.EqualTo(Verdict.Deny));
        Assert.That(Judge(both, Allow(Sql(ReadWrite))).Verdict, Is.EqualTo(Verdict.Allow));
    }

    [Test]
    public void Unknown_effects_must_be_named_even_where_no_effects_are_asked_for()
    {
        SqlOperation block = Text(Statement("do", "unknown"));

        Assert.That(Judge(block, Allow(Sql(statements: "do"))).Verdict, Is.EqualTo(Verdict.Deny));
        Assert.That(Judge(block, Allow(Sql(SqlEffects.Unknown, "do"))).Verdict, Is.EqualTo(Verdict.Allow));
        Assert.That(Judge(block, Allow(new MatchConfig { AllOperations = true })).Verdict, Is.EqualTo(Verdict.Allow), "operations: all names everything");
    }

    [TestCase("public.orders", "public.*", ExpectedResult = Verdict.Allow, TestName = "A_table_must_be_covered")]
    [TestCase("public.orders", "public.customers", ExpectedResult = Verdict.Deny, TestName = "A_table_that_is_not_named_is_not_covered")]
    [TestCase("public.orders_2026", "public.orders_*", ExpectedResult = Verdict.Allow, TestName = "A_star_stands_for_a_part_of_a_name")]
    [TestCase("audit.orders", "*.orders", ExpectedResult = Verdict.Allow, TestName = "A_star_stands_for_a_schema")]
    [TestCase("public.a.b", "public.b", ExpectedResult = Verdict.Deny, TestName = "A_name_is_matched_part_by_part")]
    [TestCase("orders", "public.orders", ExpectedResult = Verdict.Allow, TestName = "A_name_without_a_schema_is_looked_for_on_the_path")]
    [TestCase("pg_class", "public.*", ExpectedResult = Verdict.Deny, TestName = "One_of_the_catalog_is_looked_for_there_too")]
    [TestCase("pg_class", "pg_catalog.*", ExpectedResult = Verdict.Allow, TestName = "One_of_the_catalog_is_found_there_first")]
    [TestCase("pg_mine", "pg_catalog.*", ExpectedResult = Verdict.Deny, TestName = "One_that_the_catalog_may_have_may_be_elsewhere")]
    [TestCase("pg_mine", "public.*,pg_catalog.*", ExpectedResult = Verdict.Allow, TestName = "One_that_the_catalog_may_have_is_covered_if_both_are")]
    public Verdict Tables(string table, string patterns) => Judge(Select(table), Allow(Sql(SqlEffects.Read, tables: patterns))).Verdict;

    [TestCase("public,audit", "public.orders", ExpectedResult = Verdict.Deny, TestName = "A_name_without_a_schema_is_covered_if_each_candidate_is")]
    [TestCase("public,audit", "public.orders,audit.*", ExpectedResult = Verdict.Allow, TestName = "Different_patterns_may_cover_the_candidates")]
    [TestCase("?", "public.orders", ExpectedResult = Verdict.Deny, TestName = "Under_an_unknown_path_it_may_be_in_any_schema")]
    [TestCase("?", "*.orders", ExpectedResult = Verdict.Allow, TestName = "Under_an_unknown_path_only_any_schema_covers_it")]
    [TestCase("", "*.*", ExpectedResult = Verdict.Deny, TestName = "What_is_in_no_schema_at_all_is_nothing_that_can_be_covered")]
    public Verdict SearchPath(string path, string patterns) => Judge(
        Select("orders") with { SearchPath = path == "?" ? SqlSearchPath.Unknown : SqlSearchPath.Of([.. Words(path)]) },
        Allow(Sql(SqlEffects.Read, tables: patterns))).Verdict;

    [TestCase("public", "read", ExpectedResult = Verdict.Allow, TestName = "What_the_catalog_has_is_read_there")]
    [TestCase("public", "write", ExpectedResult = Verdict.Deny, TestName = "What_is_written_by_a_name_of_the_catalog_may_be_new")]
    [TestCase("public", "ddl", ExpectedResult = Verdict.Deny, TestName = "What_is_made_by_a_name_of_the_catalog_is_made_elsewhere")]
    [TestCase("public,pg_catalog", "read", ExpectedResult = Verdict.Deny, TestName = "A_path_that_names_the_catalog_may_find_it_later")]
    [TestCase("pg_catalog,public", "read", ExpectedResult = Verdict.Deny, TestName = "A_path_that_names_the_catalog_first_may_be_made_of_two")]
    [TestCase("?", "read", ExpectedResult = Verdict.Deny, TestName = "A_path_that_is_not_known_may_name_the_catalog")]
    public Verdict Catalog(string path, string effect)
    {
        SqlStatementFacts statement = Statement("any", $"{effect} pg_class") with { Columns = [Name("relname")] };
        SqlOperation operation = Text(statement) with { SearchPath = path == "?" ? SqlSearchPath.Unknown : SqlSearchPath.Of([.. Words(path)]) };
        Verdict byColumns = Judge(operation, Allow(Sql(ReadWrite | SqlEffects.Ddl, columns: "pg_catalog.*.*"))).Verdict;

        Assert.That(Judge(operation, Allow(Sql(ReadWrite | SqlEffects.Ddl, tables: "pg_catalog.*"))).Verdict, Is.EqualTo(byColumns));
        return byColumns;
    }

    [Test]
    public void Each_relation_of_a_statement_must_be_covered() =>
        Assert.That(
            Judge(Text(Statement("select", "read public.orders", "read public.customers")), Allow(Sql(SqlEffects.Read, tables: "public.orders"))).Verdict,
            Is.EqualTo(Verdict.Deny));

    [Test]
    public void An_effect_without_a_relation_is_covered_by_effects_alone()
    {
        SqlOperation role = Text(Statement("set role", "session"));

        Assert.That(Judge(role, Allow(Sql(SqlEffects.Session, tables: "public.orders"))).Verdict, Is.EqualTo(Verdict.Allow));
        Assert.That(Judge(role, Allow(Sql(tables: "public.orders"))).Verdict, Is.EqualTo(Verdict.Deny), "no effects were named, and it is in no table");
        Assert.That(Judge(role, Allow(Sql(statements: "set role"))).Verdict, Is.EqualTo(Verdict.Allow));
    }

    [TestCase("read", ExpectedResult = Verdict.Allow, TestName = "What_reads_no_table_is_covered_where_tables_are_named")]
    [TestCase("session", ExpectedResult = Verdict.Allow, TestName = "What_sets_the_session_is_covered_where_tables_are_named")]
    [TestCase("write", ExpectedResult = Verdict.Deny, TestName = "A_write_to_no_table_is_not_covered_where_tables_are_named")]
    [TestCase("ddl", ExpectedResult = Verdict.Deny, TestName = "DDL_upon_no_table_is_not_covered_where_tables_are_named")]
    [TestCase("privilege", ExpectedResult = Verdict.Deny, TestName = "A_right_upon_no_table_is_not_covered_where_tables_are_named")]
    [TestCase("unknown", ExpectedResult = Verdict.Deny, TestName = "What_may_reach_anything_is_not_covered_where_tables_are_named")]
    public Verdict NoTable(string effect)
    {
        const SqlEffects every = ReadWrite | SqlEffects.Ddl | SqlEffects.Privilege | SqlEffects.Session | SqlEffects.Unknown;
        SqlOperation nowhere = Text(Statement("any", "ddl public.scratch", effect));

        Assert.That(Judge(nowhere, Allow(Sql(every))).Verdict, Is.EqualTo(Verdict.Allow), "no tables are named");
        return Judge(nowhere, Allow(Sql(every, tables: "public.scratch"))).Verdict;
    }

    [TestCase("select", ExpectedResult = Verdict.Deny, TestName = "Every_kind_must_be_named")]
    [TestCase("select,delete", ExpectedResult = Verdict.Allow, TestName = "All_kinds_are_named")]
    [TestCase("del,select", ExpectedResult = Verdict.Deny, TestName = "A_kind_is_named_by_its_exact_words")]
    public Verdict Kinds(string statements) =>
        Judge(Text(Statement("select,delete", "read public.a", "write public.a")), Allow(Sql(statements: statements))).Verdict;

    [Test]
    public void A_longer_kind_is_not_covered_by_its_first_word() =>
        Assert.That(Judge(Text(Statement("drop role", "privilege")), Allow(Sql(SqlEffects.Privilege, "drop"))).Verdict, Is.EqualTo(Verdict.Deny));

    [Test]
    public void A_statement_of_no_kind_is_none_that_was_named() =>
        Assert.That(Judge(Text(Statement("", "read public.a")), Allow(Sql(SqlEffects.Read, "select"))).Verdict, Is.EqualTo(Verdict.Deny));

    [TestCase("public.refresh", "", ExpectedResult = Verdict.Deny, TestName = "An_unknown_function_must_be_named")]
    [TestCase("public.refresh", "public.refresh", ExpectedResult = Verdict.Allow, TestName = "An_unknown_function_is_named")]
    [TestCase("refresh", "public.refresh", ExpectedResult = Verdict.Allow, TestName = "One_without_a_schema_is_looked_for_on_the_path")]
    [TestCase("lo_export", "public.*", ExpectedResult = Verdict.Deny, TestName = "One_without_a_schema_may_be_the_catalogs")]
    [TestCase("lo_export", "*.*", ExpectedResult = Verdict.Allow, TestName = "Every_function_is_named")]
    public Verdict Functions(string function, string functions) => Judge(
        Text(Statement("select", "read public.a") with { Functions = [Name(function)], UnknownFunctions = [Name(function)] }),
        Allow(Sql(SqlEffects.Read, functions: functions))).Verdict;

    [Test]
    public void An_unknown_function_is_an_unknown_effect()
    {
        SqlOperation call = Text(Statement("select") with { UnknownFunctions = [Name("public.refresh")] });

        Assert.That(Judge(call, Allow(Sql(SqlEffects.Read))).Verdict, Is.EqualTo(Verdict.Deny));
        Assert.That(Judge(call, Allow(Sql(SqlEffects.Unknown))).Verdict, Is.EqualTo(Verdict.Allow));
    }

    [Test]
    public void A_harmless_function_is_covered_though_others_are_named() =>
        Assert.That(
            Judge(Text(Statement("select", "read public.a") with { Functions = [Name("lower")] }), Allow(Sql(SqlEffects.Read, functions: "public.refresh"))).Verdict,
            Is.EqualTo(Verdict.Allow));

    [TestCase("id", "public.orders.id", ExpectedResult = Verdict.Allow, TestName = "Every_column_must_be_named")]
    [TestCase("o.id", "public.orders.id", ExpectedResult = Verdict.Allow, TestName = "A_qualifier_may_be_an_alias")]
    [TestCase("id,ssn", "public.orders.id", ExpectedResult = Verdict.Deny, TestName = "A_column_that_is_not_named_is_not_covered")]
    [TestCase("*", "public.orders.id", ExpectedResult = Verdict.Deny, TestName = "A_star_is_every_column")]
    [TestCase("*", "public.orders.*", ExpectedResult = Verdict.Allow, TestName = "Every_column_is_named")]
    [TestCase("id", "public.other.id", ExpectedResult = Verdict.Deny, TestName = "A_column_of_another_table_is_another_column")]
    public Verdict Columns(string columns, string patterns) => Judge(
        Text(Statement("select", "read public.orders") with { Columns = [.. Words(columns).Select(Name)] }),
        Allow(Sql(SqlEffects.Read, columns: patterns))).Verdict;

    [TestCase("delete", "write public.orders", "")]
    [TestCase("delete", "write public.orders,read public.orders", "id")]
    [TestCase("insert", "write public.orders", "")]
    [TestCase("select", "read public.orders", "")]
    [TestCase("truncate", "write public.orders", "")]
    [TestCase("alter", "ddl public.orders", "id")]
    [TestCase("select", "read public.other", "")]
    public void What_names_no_column_or_whole_rows_is_about_all_columns(string kind, string accesses, string columns)
    {
        SqlOperation operation = Text(Statement(kind, accesses.Split(',')) with { Columns = [.. Words(columns).Select(Name)] });
        const SqlEffects all = ReadWrite | SqlEffects.Ddl;

        Assert.That(Judge(operation, Allow(Sql(all, columns: "public.orders.id"))).Verdict, Is.EqualTo(Verdict.Deny));
        Assert.That(Judge(operation, Allow(Sql(all, columns: "public.*.*"))).Verdict, Is.EqualTo(Verdict.Allow));
    }

    [TestCase("public.*", "secret.a", ExpectedResult = Verdict.Deny, TestName = "What_reaches_whichever_table_is_denied_by_a_rule_about_one")]
    [TestCase("*.*", "", ExpectedResult = Verdict.Allow, TestName = "What_reaches_whichever_table_is_covered_by_all")]
    [TestCase("public.*", "", ExpectedResult = Verdict.Deny, TestName = "What_reaches_whichever_table_is_not_covered_by_some")]
    public Verdict Reach(string allowed, string denied)
    {
        RuleConfig[] rules = [Allow(Sql(SqlEffects.Write, tables: allowed)), .. denied.Length == 0 ? (RuleConfig[])[] : [Allow(Sql(SqlEffects.Write), "all"), Deny(Sql(tables: denied))]];
        return Judge(Text(Statement("truncate", "write public.a", "write *.*")), rules).Verdict;
    }

    [Test]
    public void A_column_may_be_of_any_table_of_the_statement()
    {
        SqlOperation join = Text(Statement("select", "read public.orders", "read public.customers") with { Columns = [Name("name")] });

        Assert.That(Judge(join, Allow(Sql(SqlEffects.Read, columns: "public.orders.name"))).Verdict, Is.EqualTo(Verdict.Deny));
        Assert.That(Judge(join, Allow(Sql(SqlEffects.Read, columns: "public.orders.name,public.customers.name"))).Verdict, Is.EqualTo(Verdict.Allow));
    }

    [TestCase(true, true, ExpectedResult = Verdict.Allow, TestName = "A_WHERE_is_there_as_demanded")]
    [TestCase(false, true, ExpectedResult = Verdict.Deny, TestName = "A_WHERE_that_is_demanded_is_missing")]
    [TestCase(false, null, ExpectedResult = Verdict.Allow, TestName = "A_WHERE_is_not_demanded")]
    public Verdict Where(bool hasWhere, bool? demanded) =>
        Judge(Text(Statement("delete", "write public.a") with { HasWhere = hasWhere }), Allow(Sql(ReadWrite, where: demanded))).Verdict;

    [Test]
    public void A_statement_with_nothing_to_name_is_covered_by_any_allow_of_SQL()
    {
        Assert.That(Judge(Text(Statement("begin")), Allow(Sql(SqlEffects.Read, "select", "public.a"))).Verdict, Is.EqualTo(Verdict.Allow));
        Assert.That(Judge(Text(Statement("begin"))).Verdict, Is.EqualTo(Verdict.Deny), "but not by none");
        Assert.That(Judge(Text(Statement("begin")), Allow(Sql(SqlEffects.Read) with { Targets = ["billing"] })).Verdict, Is.EqualTo(Verdict.Deny), "nor by another target's");
        Assert.That(Judge(Text(), Allow(Sql(SqlEffects.Read))).Verdict, Is.EqualTo(Verdict.Allow), "a text without any statement");
    }
}
