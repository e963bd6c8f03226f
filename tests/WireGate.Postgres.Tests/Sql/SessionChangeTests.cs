using System.Text;
using NUnit.Framework;
using WireGate.Postgres.Sql;

namespace WireGate.Postgres.Tests.Sql;

/// <summary>What a session is to be followed by.</summary>
internal sealed class SessionChangeTests
{
    [TestCase("execute p(1)", "Execute p")]
    [TestCase("explain analyze execute p", "Execute p")]
    [TestCase("create table t as execute p", "Execute p")]
    [TestCase("deallocate p", "Deallocate p")]
    [TestCase("deallocate all", "Deallocate all")]
    [TestCase("fetch 5 from c", "Fetch c")]
    [TestCase("move c", "Move c")]
    [TestCase("close c", "Close c")]
    [TestCase("close all", "Close all")]
    [TestCase("discard all", "Discard All")]
    [TestCase("discard temp", "Discard Temp")]
    [TestCase("reset all", "ResetAll")]
    public void Names(string sql, string expected) => Assert.That(Changes(sql), Is.EqualTo(expected));

    [TestCase("set search_path = a, \"B\"", "Set search_path = a|B")]
    [TestCase("set search_path = 'a, b'", "Set search_path = a, b")]
    [TestCase("set local search_path to default", "Set local search_path = default")]
    [TestCase("set search_path from current", "Set search_path = unknown")]
    [TestCase("reset search_path", "Set search_path = default")]
    [TestCase("set schema 'a'", "Set search_path = a")]
    [TestCase("set role none", "Set role = none")]
    [TestCase("set local role 'x'", "Set local role = x")]
    [TestCase("reset role", "Set role = default")]
    [TestCase("set session authorization default", "Set session_authorization = default")]
    [TestCase("set names 'utf8'", "Set client_encoding = utf8")]
    [TestCase("set \"Client_Encoding\" = latin1", "Set client_encoding = latin1")]
    [TestCase("set standard_conforming_strings = off", "Set standard_conforming_strings = off")]
    [TestCase("set a.b = 1", "Set a.b = 1")]
    public void Settings(string sql, string expected) => Assert.That(Changes(sql), Is.EqualTo(expected));

    [TestCase("select set_config('Search_Path', 'a, \"B\"', false)", "Set search_path = a|B by function")]
    [TestCase("select set_config('search_path', $1, true)", "Set local search_path = unknown by function")]
    [TestCase("select 1 from t where set_config('role', 'x', $1) = ''", "Set maybe local role = x by function")]
    [TestCase("select set_config($1, 'x', false)", "Set maybe local any = unknown by function")]
    [TestCase("update pg_settings set setting = 'x'", "Set maybe local any = unknown by function")]
    public void Settings_by_function(string sql, string expected) => Assert.That(Changes(sql), Is.EqualTo(expected));

    [TestCase("begin read only", "Begin")]
    [TestCase("start transaction", "Begin")]
    [TestCase("end", "Commit")]
    [TestCase("commit and chain", "Commit chained")]
    [TestCase("abort", "Rollback")]
    [TestCase("rollback and chain", "Rollback chained")]
    [TestCase("savepoint s", "Savepoint s")]
    [TestCase("rollback to s", "RollbackTo s")]
    [TestCase("release s", "Release s")]
    [TestCase("prepare transaction 'x'", "PrepareTransaction x")]
    [TestCase("commit prepared 'x'", "CommitPrepared x")]
    [TestCase("rollback prepared 'x'", "RollbackPrepared x")]
    public void Transactions(string sql, string expected) => Assert.That(Changes(sql), Is.EqualTo(expected));

    [TestCase("copy t from stdin", "Copy from Client ")]
    [TestCase("copy t to stdout (format csv)", "Copy to Client csv")]
    [TestCase("copy binary t to stdout", "Copy to Client binary")]
    [TestCase("copy (select 1) to '/x'", "Copy to File ")]
    [TestCase("copy t from program 'x'", "Copy from Program ")]
    public void Copies(string sql, string expected) => Assert.That(Changes(sql), Is.EqualTo(expected));

    [TestCase("prepare p as delete from t", "Prepare p (delete: write t)")]
    [TestCase("declare c cursor for select set_config('role', 'x', false)", "Declare c (select: session, read)")]
    public void What_a_name_stands_for(string sql, string expected) => Assert.That(Changes(sql), Is.EqualTo(expected));

    [Test]
    public void What_a_name_stands_for_has_its_own_changes()
    {
        var prepare = (SessionChange.Prepare)One("prepare p as select set_config('role', 'x', false)").Changes[0];
        Assert.That(prepare.Inner.Changes[0], Is.InstanceOf<SessionChange.Set>());
    }

    [TestCase("alter role me password 'x'", true)]
    [TestCase("create user me with login encrypted password 'x'", true)]
    [TestCase("alter user me password null", true)]
    [TestCase("alter role me valid until 'infinity'", false)]
    public void Says_whether_a_password_is_set(string sql, bool sets) => Assert.That(One(sql).Facts.SetsPassword, Is.EqualTo(sets));

    [TestCase("update t set a = 1", false)]
    [TestCase("with x as (delete from t returning 1) update u set a = 1 where b", false)]
    [TestCase("delete from t where a", true)]
    [TestCase("select 1", true)]
    public void Says_whether_each_change_has_a_where(string sql, bool has) => Assert.That(One(sql).Facts.HasWhere, Is.EqualTo(has));

    [TestCase("select a, t.b, s.t.c, t.*, (t).d.e from t", "a t.b s.t.c t.* d e t")]
    [TestCase("insert into s.t (a) values (1) on conflict (b) do update set c = excluded.d", "t.a t.c excluded.d t.b")]
    [TestCase("update t set a = b, (c, d) = (1, 2) from u", "t.a b t.c t.d")]
    [TestCase("copy t (a) to stdout", "t.a")]
    [TestCase("select 1 from a join b using (c)", "c")]
    public void Names_columns(string sql, string columns) =>
        Assert.That(One(sql).Facts.Columns.Select(column => column.ToString()), Is.EquivalentTo(columns.Split(' ')));

    private static ParsedStatement One(string sql) => SqlParser.Parse(Encoding.UTF8.GetBytes(sql)).Statements.Single();

    private static string Changes(string sql) => string.Join("; ", One(sql).Changes.Select(Text));

    private static string Text(SessionChange change) => change switch
    {
        SessionChange.Prepare(var name, var inner) => $"Prepare {name} ({FactsText.Of(inner.Facts)})",
        SessionChange.Declare(var name, var inner, _) => $"Declare {name} ({FactsText.Of(inner.Facts)})",
        SessionChange.Execute(var name) => $"Execute {name}",
        SessionChange.Deallocate(var name) => $"Deallocate {name ?? "all"}",
        SessionChange.Fetch(var name, var isMove) => $"{(isMove ? "Move" : "Fetch")} {name}",
        SessionChange.Close(var name) => $"Close {name ?? "all"}",
        SessionChange.ResetAll => "ResetAll",
        SessionChange.Discard(var target) => $"Discard {target}",
        SessionChange.Transaction(var step, var name, var isChained) => $"{step} {name}{(isChained ? "chained" : "")}".TrimEnd(),
        SessionChange.Copy(var isFrom, var peer, var format) => $"Copy {(isFrom ? "from" : "to")} {peer} {format}",
        SessionChange.Set set => $"Set {(set.IsLocal is null ? "maybe local " : set.IsLocal.Value ? "local " : "")}{set.Name ?? "any"} = "
            + (set.Value.Kind == SettingValueKind.Constant ? string.Join('|', set.Value.Parts) : set.Value.Kind.ToString().ToLowerInvariant())
            + (set.ByFunction ? " by function" : ""),
        _ => "?",
    };
}
