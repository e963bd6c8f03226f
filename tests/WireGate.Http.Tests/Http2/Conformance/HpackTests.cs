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

    internal static readonly ConformanceCase[] Cases =
    [
        Wrong("hpack/2.3.3/1 An index behind the table", Request + "c6"),
        Wrong("hpack/2.3.3/2 A name behind the table", Request + "7f2b0161"),
        Wrong("hpack/4.2/1 A change of size behind fields", Request + "3f21"),
        Wrong("hpack/5.2/1 Padding of more than seven bits", Request + "000178" + "831fffff"),
        Wrong("hpack/5.2/2 Padding of zeros", Request + "000178" + "8118"),
        Wrong("hpack/5.2/3 EOS", Request + "000178" + "84fffffffc"),
        Wrong("hpack/6.1/1 Index 0", Request + "80"),
        Wrong("hpack/6.3/1 A size above what was advertised", "3fe21f" + Request),
    ];

    private static IEnumerable<TestCaseData> All_cases => Named(Cases);

    [TestCaseSource(nameof(All_cases))]
    public Task Ends_the_connection(object rule) => ((ConformanceCase)rule).RunAsync();

    private static ConformanceCase Wrong(string name, string block) =>
        new(name, p => p.SendAsync(HEADERS, END_STREAM | END_HEADERS, 1, block), EndsConnection(ErrorCode.COMPRESSION_ERROR));
}
