using NUnit.Framework;
using WireGate.Http.Http2;
using static WireGate.Http.Http2.Frames.FrameFlags;
using static WireGate.Http.Http2.Frames.FrameType;
using static WireGate.Http.Tests.Http2.Conformance.ConformanceCase;

namespace WireGate.Http.Tests.Http2.Conformance;

/// <summary>h2spec's group "hpack": what ends the connection, since the tables differ from then on.</summary>
internal sealed class HpackTests
{
    private const string Request = "82878441" + "09" + "612e6578616d706c65";

    [TestCase("2.3.3 An index behind the table", Request + "c6")]
    [TestCase("2.3.3 A name behind the table", Request + "7f2b0161")]
    [TestCase("4.2 A change of size behind fields", Request + "3f21")]
    [TestCase("5.2 Padding of more than seven bits", Request + "000178" + "831fffff")]
    [TestCase("5.2 Padding of zeros", Request + "000178" + "8118")]
    [TestCase("5.2 EOS", Request + "000178" + "84fffffffc")]
    [TestCase("6.1 Index 0", Request + "80")]
    [TestCase("6.3 A size above what was advertised", "3fe21f" + Request)]
    public Task Ends_the_connection(string name, string block) =>
        new ConformanceCase(name, p => p.SendAsync(HEADERS, END_STREAM | END_HEADERS, 1, block), EndsConnection(ErrorCode.COMPRESSION_ERROR)).RunAsync();
}
