using System.Text;
using NUnit.Framework;
using WireGate.Postgres.Operations;
using WireGate.Postgres.Sql;

namespace WireGate.Postgres.Tests.Operations;

/// <summary>What names stand for, before it is known which definitions hold.</summary>
internal sealed class NamesTests
{
    private static readonly JudgedText A = new(SqlParser.Parse("select 1"u8), [1]);
    private static readonly JudgedText B = new(SqlParser.Parse("select 2"u8), [2]);

    [Test]
    public void A_definition_that_is_under_way_counts_beside_the_one_before()
    {
        var slot = new NameSlot([], new HeldBudget());
        slot.Define(A, group: 1);
        slot.Confirm();
        slot.Define(B, group: 2);

        Assert.That(Resolve(slot, group: 3), Is.EqualTo(new[] { A, B }));
    }

    [Test]
    public void Of_too_many_definitions_under_way_nobody_knows_which_holds()
    {
        var slot = new NameSlot([], new HeldBudget());
        for (int i = 0; i < 17; i++)
        {
            slot.Define(i % 2 == 0 ? A : B, group: i);
        }

        Assert.That(slot.TryResolve(100, []), Is.False);
        Assert.That(Resolve(slot, group: 16), Is.EqualTo(new[] { A }), "within its own group it does");
        slot.Confirm();
        Assert.That(Resolve(slot, group: 100), Is.EqualTo(new[] { A, B }));
    }

    [Test]
    public void A_definition_that_failed_and_may_have_taken_effect_counts_beside_the_one_before()
    {
        var slot = new NameSlot([], new HeldBudget());
        slot.Define(A, group: 1);
        slot.Confirm();
        slot.Define(B, group: 2);
        slot.Doubt(unknown: A);

        Assert.That(slot.Confirmed!.Alternatives, Is.EqualTo(new[] { A, B }));
        slot.Define(A, group: 3);
        slot.Doubt(unknown: A);
        Assert.That(slot.Confirmed!.Alternatives, Is.EqualTo(new[] { A, B }));
    }

    [Test]
    public void Within_its_own_group_a_definition_counts_alone()
    {
        var slot = new NameSlot([], new HeldBudget());
        slot.Define(A, group: 1);
        slot.Confirm();
        slot.Define(B, group: 2);

        Assert.That(Resolve(slot, group: 2), Is.EqualTo(new[] { B }), "if it fails, its use is skipped");
    }

    [Test]
    public void A_definition_that_failed_counts_no_more()
    {
        var slot = new NameSlot([], new HeldBudget());
        slot.Define(A, group: 1);
        slot.Confirm();
        slot.Define(B, group: 2);
        slot.Fail();

        Assert.That(Resolve(slot, group: 2), Is.EqualTo(new[] { A }));
        Assert.That(slot.Confirmed, Is.SameAs(A));
    }

    [Test]
    public void Answers_belong_to_definitions_in_their_order()
    {
        var slot = new NameSlot([], new HeldBudget());
        slot.Define(A, group: 1);
        slot.Define(null, group: 2);
        slot.Define(B, group: 3);
        slot.Confirm();
        slot.Fail();

        Assert.That(Resolve(slot, group: 4), Is.EqualTo(new[] { A, B }), "it was not closed");
        slot.Confirm();
        Assert.That(Resolve(slot, group: 4), Is.EqualTo(new[] { B }));
    }

    [Test]
    public void A_closed_name_stands_for_nothing()
    {
        var slot = new NameSlot([], new HeldBudget());
        slot.Define(A, group: 1);
        slot.Confirm();
        slot.Define(null, group: 2);

        Assert.That(Resolve(slot, group: 2), Is.Empty);
        Assert.That(Resolve(slot, group: 3), Is.EqualTo(new[] { A }), "the Close may not have held");
        slot.Confirm();
        Assert.That(slot.IsEmpty);
    }

    [Test]
    public void Names_are_cut_to_63_bytes()
    {
        var names = new NameTable(new HeldBudget());
        NameSlot slot = names.Of(Name(63))!;

        Assert.That(names.Of(Name(64)), Is.SameAs(slot));
        Assert.That(names.TryFind(Name(200), out NameSlot? found) && found == slot);
        Assert.That(names.TryFind(Name(62), out _), Is.False);
    }

    [TestCase("plain", true)]
    [TestCase("", true)]
    [TestCase("größe", false)]
    [TestCase("123456789012345678901234567890123456789012345678901234567890123ö", true, TestName = "What_is_cut_off_does_not_matter")]
    public void Only_names_in_ASCII_are_followed(string name, bool expected) =>
        Assert.That(NameTable.CanFollow(Encoding.UTF8.GetBytes(name)), Is.EqualTo(expected));

    [Test]
    public void There_is_an_end_to_how_many_names_are_followed()
    {
        var names = new NameTable(new HeldBudget());
        for (int i = 0; i < NameTable.Most; i++)
        {
            names.Of(Encoding.ASCII.GetBytes($"s{i}"))!.Define(A, group: 1);
        }

        Assert.That(names.Of("one more"u8), Is.Null);
        Assert.That(names.Of("s7"u8), Is.Not.Null, "one of them");
    }

    [Test]
    public void Forgetting_what_was_confirmed_keeps_what_is_under_way()
    {
        var names = new NameTable(new HeldBudget());
        NameSlot slot = names.Of("s"u8)!, unnamed = names.Of(""u8)!, done = names.Of("done"u8)!;
        slot.Define(A, group: 1);
        done.Define(A, group: 1);
        done.Confirm();
        unnamed.Define(B, group: 1);
        unnamed.Confirm();

        names.ForgetConfirmed();

        Assert.That(names.TryFind("s"u8, out _));
        Assert.That(names.TryFind("done"u8, out _), Is.False);
        Assert.That(names.TryFind(""u8, out NameSlot? kept) && kept.IsEmpty);
    }

    private static byte[] Name(int length) => Encoding.ASCII.GetBytes(new string('n', length));

    private static List<JudgedText> Resolve(NameSlot slot, long group)
    {
        var into = new List<JudgedText>();
        Assert.That(slot.TryResolve(group, into), Is.True);
        return into;
    }
}
