using System.Runtime.CompilerServices;
using NUnit.Framework;
using WireGate.Core.Configuration;
using WireGate.Core.Policy;
using WireGate.Postgres.Masking;

namespace WireGate.Postgres.Tests.Masking;

/// <summary>Which columns of a catalog are hidden, and how.</summary>
internal sealed class ProtectionMapTests
{
    private const uint People = 20_000;
    private const uint View = 20_009;

    [TestCase("select p.id as a, p.ssn as b from hr.all_people() p (id, ssn)")]
    [TestCase("select s.a, s.b from (select o.id as a, hr.ssn_of(o.id) as b from hr.open o) s")]
    [TestCase("with c as materialized (select id as a, hr.ssn_of(id) as b from hr.open) select c.a, c.b from c")]
    [TestCase("select a, b from (select id as a, hr.ssn_of(id) as b from hr.open) s")]
    [TestCase("select j.a, j.b from (hr.open o join hr.all_people() p on true) j (a, b)")]
    [TestCase("select o.id as a, o.w as b from hr.open o union all select p.id, p.ssn from hr.all_people() p")]
    [TestCase("select p.* from hr.all_people() p (a, b)")]
    [TestCase("this is newer than the parser")]
    public void A_view_shows_nothing_that_may_come_from_a_function_of_ones_own(string sql)
    {
        ProtectionMap map = OfView(sql);

        Assert.That(map.Of(View, 1), Is.Not.Null);
        Assert.That(map.Of(View, 2), Is.Not.Null);
        Assert.That(IsRedacted(map, 2));
    }

    [Test]
    public void A_catalog_goes_when_another_takes_its_place_though_its_masks_stay()
    {
        MaskSet masks = TestMasks.Set(TestMasks.Of("m", "hr.people.ssn"));
        (WeakReference first, Catalog second) = Replace(masks);
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();

        Assert.That(first.IsAlive, Is.False);
        GC.KeepAlive(masks);
        GC.KeepAlive(second);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static (WeakReference First, Catalog Second) Replace(MaskSet masks)
    {
        var first = new Catalog([TestMasks.Relation(20_000, "people", "id", "ssn")], new HashSet<uint>(), 0);
        var second = new Catalog([TestMasks.Relation(20_000, "people", "id", "ssn")], new HashSet<uint>(), 1);
        first.MapOf(masks, new byte[32]);
        second.MapAs(first, new byte[32]);
        return (new WeakReference(first), second);
    }

    [Test]
    public void A_view_that_is_too_long_shows_nothing() =>
        Assert.That(OfView($"select id as a, '{new string('p', 70_000)}' as b from hr.open").Of(View, 1), Is.Not.Null);

    [TestCase("select o.id as a, hr.f(o.id) as b from hr.open o")]
    [TestCase("select o.id as a, f.x as b from hr.open o, hr.f(1) f (x)")]
    [TestCase("select o.id as a, s.x as b from hr.open o, (select hr.f(1) as x) s")]
    public void A_column_of_a_table_is_shown_beside_what_a_function_gives(string sql)
    {
        ProtectionMap map = OfView(sql);

        Assert.That(map.Of(View, 1), Is.Null);
        Assert.That(map.Of(View, 2), Is.Not.Null);
    }

    [TestCase("select open.id as a, upper(open.w) as b from hr.open")]
    [TestCase("select s.a, s.b from (select id as a, upper(w) as b from hr.open) s")]
    public void A_view_of_nothing_hidden_that_calls_nothing_unknown_is_shown(string sql)
    {
        ProtectionMap map = OfView(sql);

        Assert.That(map.Of(View, 1), Is.Null);
        Assert.That(map.Of(View, 2), Is.Null);
    }

    [Test]
    public void A_view_keeps_the_style_of_a_column_that_it_shows_as_it_is()
    {
        ProtectionMap map = OfView("select people.id as a, people.ssn as b from hr.people");

        Assert.That(map.ReplacementOf(map.Of(View, 2)!, View, 2), Is.SameAs(map.ReplacementOf(map.Of(People, 2)!, People, 2)));
        Assert.That(IsRedacted(map, 2), Is.False);
    }

    [Test]
    public void Of_two_masks_upon_one_column_the_stricter_holds_in_each_respect()
    {
        MaskConfig shows = TestMasks.Of("shows", "hr.people.ssn") with { With = MaskStyle.Last4 };
        MaskConfig allows = TestMasks.Of("allows", "hr.people.ssn") with { With = MaskStyle.Redact, AllowsPredicates = true };
        foreach (MaskConfig[] order in (MaskConfig[][])[[shows, allows], [allows, shows]])
        {
            MaskConfig? mask = TestMasks.Map(TestMasks.Set(order), PeopleTable()).Of(People, 2);

            Assert.That(mask, Has.Property(nameof(MaskConfig.With)).EqualTo(MaskStyle.Redact).And.Property(nameof(MaskConfig.AllowsPredicates)).False);
        }
    }

    [Test]
    public void What_is_not_known_from_which_column_is_masked_as_strictly_as_all()
    {
        MaskConfig hashed = TestMasks.Of("a", "hr.people.name") with { With = MaskStyle.Hash, AllowsPredicates = true };
        ProtectionMap map = TestMasks.Map(TestMasks.Set(hashed, TestMasks.Of("b", "hr.people.ssn") with { With = MaskStyle.Redact }), PeopleTable());

        Assert.That(map.Any, Has.Property(nameof(MaskConfig.With)).EqualTo(MaskStyle.Redact).And.Property(nameof(MaskConfig.AllowsPredicates)).False);
        Assert.That(map.Of(People, 0), Is.EqualTo(map.Any));
        Assert.That(() => map.ReplacementOf(map.Any, 0, 0), Throws.Nothing);
    }

    [TestCase("pg_catalog", "pg_authid", "rolpassword", true)]
    [TestCase("pg_catalog", "pg_stats", "most_common_vals", true)]
    [TestCase("information_schema", "user_mapping_options", "option_value", true)]
    [TestCase("information_schema", "_pg_user_mappings", "umoptions", true)]
    [TestCase("information_schema", "foreign_server_options", "option_value", true)]
    [TestCase("information_schema", "user_mapping_options", "option_name", false)]
    [TestCase("information_schema", "pg_authid", "rolpassword", false)]
    public void Of_credentials_that_the_server_keeps_no_end_is_shown(string schema, string name, string column, bool isHidden)
    {
        MaskSet masks = TestMasks.Set(TestMasks.Of("pii", "hr.people.ssn") with { With = MaskStyle.Last4 });
        ProtectionMap map = TestMasks.Map(masks, PeopleTable(), TestMasks.Relation(1260, schema, name, [column]));

        Assert.That(map.Of(1260, 1), isHidden ? Is.Not.Null : Is.Null);
        if (isHidden)
        {
            Assert.That(map.ReplacementOf(map.Of(1260, 1)!, 1260, 1), Is.Not.SameAs(map.ReplacementOf(map.Of(People, 2)!, People, 2)));
        }
    }

    /// <summary>Of the server's own relations what is shown is listed, whatever a newer server adds.</summary>
    [TestCase("pg_class", "relname", false)]
    [TestCase("pg_class", "of_a_newer_server", false)]
    [TestCase("pg_authid", "rolname", false)]
    [TestCase("pg_statistic", "staattnum", false)]
    [TestCase("pg_statistic", "stawidth", true)]
    [TestCase("pg_stat_activity", "state", false)]
    [TestCase("pg_stat_activity", "query", true)]
    [TestCase("pg_stat_activity", "of_a_newer_server", true)]
    [TestCase("pg_stat_progress_copy", "bytes_processed", true)]
    [TestCase("pg_stat_progress_copy", "pid", false)]
    [TestCase("pg_stat_progress_of_a_newer_server", "pid", true)]
    [TestCase("pg_shmem_allocations", "size", true)]
    [TestCase("pg_replication_slots", "restart_lsn", true)]
    [TestCase("pg_locks", "objid", true)]
    [TestCase("pg_stat_user_tables", "n_live_tup", true)]
    [TestCase("pg_of_a_newer_server", "what", true)]
    public void Of_the_servers_relations_nothing_is_shown_that_is_not_listed(string name, string column, bool isHidden)
    {
        MaskConfig mask = TestMasks.Of("pii", "hr.people.ssn") with { AllowsPredicates = true };
        ProtectionMap map = TestMasks.Map(TestMasks.Set(mask), PeopleTable(), TestMasks.Relation(1260, "pg_catalog", name, [column]));

        Assert.That(map.Of(1260, 1), isHidden ? Is.Not.Null : Is.Null);
    }

    [Test]
    public void What_a_partition_computes_shows_no_end_through_its_parent_either()
    {
        CatalogRelation parent = TestMasks.Relation(People + 1, "parent", "ssn", "code"), child = TestMasks.Relation(People + 2, "child", "ssn", "code");
        parent.Kin.Add(child.Oid);
        child.Kin.Add(parent.Oid);
        child.Generated.Add((2, 1));
        ProtectionMap map = TestMasks.Map(TestMasks.Set(TestMasks.Of("pii", "hr.child.ssn") with { With = MaskStyle.Last4 }), parent, child);
        Replacement own = map.ReplacementOf(map.Of(child.Oid, 1)!, child.Oid, 1);

        Assert.That(map.ReplacementOf(map.Of(parent.Oid, 1)!, parent.Oid, 1), Is.SameAs(own));
        Assert.That(map.ReplacementOf(map.Of(parent.Oid, 2)!, parent.Oid, 2), Is.SameAs(own.OfMade));
    }

    [Test]
    public void Long_values_of_a_view_that_is_stored_are_hidden_where_they_lie()
    {
        CatalogRelation pieces = TestMasks.Relation(View + 1, "pg_toast", $"pg_toast_{View}", ["chunk_id", "chunk_data"]);
        CatalogRelation view = TestMasks.Relation(View, "v", "b");
        view.Definition = TestMasks.Parse("select ssn as b from hr.people");
        view.Sources.Add(People);
        ProtectionMap map = TestMasks.Map(TestMasks.Set(TestMasks.Of("pii", "hr.people.ssn")), PeopleTable(), view, pieces);

        Assert.That(map.Of(pieces.Oid, 2), Is.Not.Null);
    }

    [Test]
    public void A_column_that_the_catalog_does_not_have_may_be_any()
    {
        MaskSet masks = TestMasks.Set(TestMasks.Of("pii", "hr.people.ssn"));
        ProtectionMap map = TestMasks.Map(masks, PeopleTable(), TestMasks.Relation(People + 1, "open", "id"));

        Assert.That(map.Of(People, 9), Is.EqualTo(map.Any));
        Assert.That(map.Of(People + 1, 9), Is.EqualTo(map.Any));
        Assert.That(map.Of(People + 1, 1), Is.Null);
    }

    private static bool IsRedacted(ProtectionMap map, short column)
    {
        MaskConfig mask = map.Of(View, column)!;
        return ReferenceEquals(map.ReplacementOf(mask, View, column), map.ReplacementOf(mask, 0, 0));
    }

    private static ProtectionMap OfView(string sql)
    {
        CatalogRelation open = TestMasks.Relation(People + 1, "open", "id", "w"), view = TestMasks.Relation(View, "v", "a", "b");
        view.Definition = TestMasks.Parse(sql);
        view.Sources.AddRange([People, open.Oid]);
        return TestMasks.Map(TestMasks.Set(TestMasks.Of("pii", "hr.people.ssn") with { With = MaskStyle.Last4 }), PeopleTable(), open, view);
    }

    private static CatalogRelation PeopleTable() => TestMasks.Relation(People, "people", "id", "ssn", "name");
}
