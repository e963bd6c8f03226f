using NUnit.Framework;
using WireGate.Core.Approvals;
using WireGate.Postgres.Messages;
using WireGate.Postgres.Startup;

namespace WireGate.Postgres.Tests.Messages;

internal sealed class WritersTests
{
    [Test]
    public void An_error_always_has_severity_twice_code_and_message() => Assert.That(
        Wire.Written(o => o.WriteErrorResponse(ErrorFields.Fatal(SqlState.InvalidPassword, "no"))),
        Is.EqualTo(Wire.Typed('E', "SFATAL\0VFATAL\0C28P01\0Mno\0\0")));

    [Test]
    public void A_notice_may_have_detail_and_hint() => Assert.That(
        Wire.Written(o => o.WriteNoticeResponse(ErrorFields.Notice(new ApprovalNotice("m", "d", "h")))),
        Is.EqualTo(Wire.Typed('N', "SNOTICE\0VNOTICE\0C00000\0Mm\0Dd\0Hh\0\0")));

    [Test]
    public void A_text_with_NUL_or_without_end_cannot_forge_a_field_or_a_huge_error()
    {
        byte[] forged = Wire.Written(o => o.WriteErrorResponse(ErrorFields.Error("42501", "a\0C00000")));
        Assert.That(forged, Is.EqualTo(Wire.Typed('E', "SERROR\0VERROR\0C42501\0Ma?C00000\0\0")));
        byte[] endless = Wire.Written(o => o.WriteErrorResponse(ErrorFields.Error("42501", new string('é', 100_000))));
        Assert.That(endless, Has.Length.LessThan(4_096));
    }

    [Test]
    public void Authentication_messages_are_as_the_protocol_has_them()
    {
        Assert.That(Wire.Written(o => o.WriteAuthenticationOk()), Is.EqualTo(Wire.Typed('R', 0)));
        Assert.That(Wire.Written(o => o.WriteAuthenticationCleartextPassword()), Is.EqualTo(Wire.Typed('R', 3)));
        Assert.That(Wire.Written(o => o.WriteAuthenticationSasl("A", "BC")), Is.EqualTo(Wire.Typed('R', 10, "A\0BC\0\0")));
        Assert.That(Wire.Written(o => o.WriteAuthenticationSaslContinue("x"u8)), Is.EqualTo(Wire.Typed('R', 11, "x")));
        Assert.That(Wire.Written(o => o.WriteAuthenticationSaslFinal("y"u8)), Is.EqualTo(Wire.Typed('R', 12, "y")));
    }

    [Test]
    public void The_greeting_is_as_the_protocol_has_it()
    {
        Assert.That(Wire.Written(o => o.WriteParameterStatus("a"u8, ""u8)), Is.EqualTo(Wire.Typed('S', "a\0\0")));
        Assert.That(Wire.Written(o => o.WriteBackendKeyData(7, "key!"u8)), Is.EqualTo(Wire.Typed('K', 7, "key!")));
        Assert.That(Wire.Written(o => o.WriteReadyForQuery(TransactionStatus.Idle)), Is.EqualTo(Wire.Typed('Z', "I")));
        Assert.That(
            Wire.Written(o => o.WriteNegotiateProtocolVersion(ProtocolVersion.V3_2, ["_pq_.x"u8.ToArray()])),
            Is.EqualTo(Wire.Typed('v', 196_610, 1, "_pq_.x\0")));
    }

    [Test]
    public void A_cancel_key_is_4_to_256_bytes([Values(3, 257)] int length) => Assert.That(
        () => Wire.Written(o => o.WriteBackendKeyData(1, new byte[length])), Throws.ArgumentException);

    [Test]
    public void Requests_of_a_start_have_no_type_byte()
    {
        Assert.That(Wire.Written(o => o.WriteSslRequest()), Is.EqualTo(Wire.Untyped(80_877_103)));
        Assert.That(Wire.Written(o => o.WriteCancelRequest(9, "1234"u8)), Is.EqualTo(Wire.Untyped(80_877_102, 9, "1234")));
        Assert.That(
            Wire.Written(o => o.WriteStartupMessage("app", "orders", ReplicationMode.None, [new("DateStyle", "ISO"u8.ToArray())])),
            Is.EqualTo(Wire.Untyped(196_608, "user\0app\0database\0orders\0DateStyle\0ISO\0\0")));
        Assert.That(
            Wire.Written(o => o.WriteStartupMessage("app", null, ReplicationMode.Physical, [])),
            Is.EqualTo(Wire.Untyped(196_608, "user\0app\0replication\0true\0\0")));
    }

    [Test]
    public void What_proves_a_password_is_as_the_protocol_has_it()
    {
        Assert.That(Wire.Written(o => o.WritePasswordMessage("pw"u8)), Is.EqualTo(Wire.Typed('p', "pw\0")));
        Assert.That(Wire.Written(o => o.WriteSaslInitialResponse("M", "n,,"u8)), Is.EqualTo(Wire.Typed('p', "M\0", 3, "n,,")));
        Assert.That(Wire.Written(o => o.WriteSaslResponse("r"u8)), Is.EqualTo(Wire.Typed('p', "r")));
        Assert.That(Wire.Written(o => o.WriteTerminate()), Is.EqualTo(Wire.Typed('X')));
    }

    [Test]
    public void A_value_with_NUL_cannot_begin_another_parameter() => Assert.That(
        () => Wire.Written(o => o.WriteStartupMessage("app\0role", "d", ReplicationMode.None, [])), Throws.ArgumentException);
}
