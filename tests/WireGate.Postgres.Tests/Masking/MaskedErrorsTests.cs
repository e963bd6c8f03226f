using System.Text;
using NUnit.Framework;
using WireGate.Postgres.Masking;
using WireGate.Postgres.Messages;
using WireGate.Postgres.Operations;
using WireGate.Postgres.Sql;

namespace WireGate.Postgres.Tests.Masking;

/// <summary>What of an upstream's errors passes. Fields are parted by a bar.</summary>
internal sealed class MaskedErrorsTests
{
    private static string Shown(string fields, string? sql = null, string? hidden = null, BackendMessage kind = BackendMessage.ErrorResponse)
    {
        JudgedText? text = sql is null ? null : new JudgedText(SqlParser.Parse(Encoding.UTF8.GetBytes(sql)), []);
        var output = new RowBuffer();
        MaskedErrors.Write(
            kind, Encoding.UTF8.GetBytes(fields.Replace('|', '\0') + "\0\0"), text, value => hidden is not null && Encoding.UTF8.GetString(value).Contains(hidden, StringComparison.Ordinal), output);
        return Encoding.UTF8.GetString(output.Written[5..]).Replace('\0', '|');
    }

    [TestCase("SERROR|C42703|Mcolumn \"x\" does not exist|P8|Rerrormsg")]
    [TestCase("SERROR|C42P01|Mrelation \"x\" does not exist|P15")]
    [TestCase("SERROR|C3F000|Mschema \"x\" does not exist|P14")]
    [TestCase("SERROR|C42601|Msyntax error at or near \"x\"|P1")]
    [TestCase("SERROR|C25P02|Mcurrent transaction is aborted, commands ignored until end of transaction block")]
    [TestCase("SERROR|C40001|Mcould not serialize access due to concurrent update")]
    [TestCase("SERROR|C57014|Mcanceling statement due to user request")]
    [TestCase("SERROR|C26000|Mprepared statement \"x\" does not exist")]
    [TestCase("SERROR|C0A000|Mcached plan must not change result type")]
    public void An_error_about_the_text_or_the_server_says_what_it_is(string fields)
    {
        string shown = Shown(fields);

        Assert.That(shown.Split('|'), Is.SupersetOf(fields.Split('|')));
    }

    [Test]
    public void A_constraint_is_named_without_the_value() =>
        Assert.That(Shown("C23505|thr|npeople_pkey|Munique: 123"), Does.Contain("npeople_pkey|").And.Contain("C23505|").And.Not.Contain("123"));

    [TestCase("C3F000|Mschema \"sekrit\" does not exist")]
    [TestCase("C42704|Mrole \"sekrit\" does not exist")]
    [TestCase("C42P01|Mrelation \"sekrit\" does not exist")]
    [TestCase("C42501|Mpermission denied for schema sekrit")]
    [TestCase("C42601|Mno operand in tsquery: \"sekrit &\"")]
    [TestCase("C3D000|Mdatabase \"sekrit\" does not exist")]
    [TestCase("C34000|Mcursor \"sekrit\" does not exist")]
    [TestCase("C0A000|Munit \"sekrit\" not supported for type date")]
    [TestCase("C54000|Mword is too long in tsquery: \"sekrit\"")]
    [TestCase("C55P04|Munsafe use of new value \"sekrit\" of enum type e")]
    [TestCase("C58P01|Mcould not open file \"sekrit\" for reading")]
    [TestCase("C08003|Mconnection \"sekrit\" not available")]
    [TestCase("C42704|Mtype \"sekrit\" does not exist|P5|Winvalid type name \"sekrit\"")]
    [TestCase("C42703|Mcolumn \"sekrit\" does not exist|P5|p8|qSELECT sekrit")]
    [TestCase("C57014|Msekrit|WPL/pgSQL function inline_code_block line 1 at RAISE")]
    [TestCase("C22023|Minvalid: sekrit|P5")]
    [TestCase("CP0001|tsekrit|nsekrit|csekrit|dsekrit|ssekrit|Mx|WPL/pgSQL function inline_code_block line 1 at RAISE")]
    [TestCase("C4250|Msekrit|P1")]
    [TestCase("Msekrit|P1")]
    [TestCase("Dsekrit|Hsekrit|Wsekrit|qsekrit|p1|C42601|Mx")]
    public void An_error_that_may_quote_a_value_does_not(string fields)
    {
        Assert.That(Shown($"SERROR|{fields}", "select ssn::regclass from hr.words"), Does.Not.Contain("sekrit").And.Contain("withheld"));
        Assert.That(Shown($"SNOTICE|{fields}", kind: BackendMessage.NoticeResponse), Does.Not.Contain("sekrit").And.Contain("a notice"));
    }

    [TestCase("C42501|Mpermission denied for table words")]
    [TestCase("C42501|Mpermission denied for schema hr")]
    [TestCase("C42P01|Mtable \"words\" does not exist")]
    [TestCase("C42P01|Mrelation \"hr.words\" does not exist")]
    public void An_error_names_what_the_text_names(string fields) => Assert.That(Shown(fields, "drop table hr.words"), Does.Contain(fields.Split('|')[1]));

    [Test]
    public void A_cursor_that_the_text_names_is_named() =>
        Assert.That(Shown("C34000|Mcursor \"c\" does not exist", "fetch c"), Does.Contain("cursor \"c\" does not exist"));

    [Test]
    public void What_a_detector_finds_is_in_no_field()
    {
        string shown = Shown("C42703|Mcolumn \"4111\" does not exist|P8|t4111|npeople", hidden: "4111");

        Assert.That(shown, Does.Not.Contain("4111").And.Contain("npeople"));
    }
}
