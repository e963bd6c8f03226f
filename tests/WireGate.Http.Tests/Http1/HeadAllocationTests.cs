using System.Buffers;
using System.Text;
using NUnit.Framework;
using WireGate.Http.Http1;

namespace WireGate.Http.Tests.Http1;

/// <summary>What reading a head costs of memory: nothing that the collector would have to look at.</summary>
internal sealed class HeadAllocationTests
{
    private static readonly byte[] Request = Encoding.ASCII.GetBytes(
        "GET /repos/acme/shop/issues?state=open HTTP/1.1\r\nHost: api.test\r\nAuthorization: Bearer x\r\nAccept: */*\r\nUser-Agent: curl/8\r\n"
        + "Accept-Encoding: gzip\r\nCookie: a=b; c=d\r\nConnection: keep-alive\r\n\r\n");

    private static readonly byte[] Response = Encoding.ASCII.GetBytes(
        "HTTP/1.1 200 OK\r\nServer: nginx\r\nDate: Sun, 22 Nov 2026 10:00:00 GMT\r\nContent-Type: application/json\r\nContent-Length: 1024\r\nETag: \"1\"\r\n\r\n");

    [TestCase(true)]
    [TestCase(false)]
    public void Reading_a_head_allocates_nothing(bool isRequest)
    {
        using var request = new RequestHead();
        using var response = new ResponseHead();
        MessageHead head = isRequest ? request : response;
        var bytes = new ReadOnlySequence<byte>(isRequest ? Request : Response);
        Read(head, bytes, 100);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Read(head, bytes, 1000);

        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.Zero);
    }

    private static void Read(MessageHead head, in ReadOnlySequence<byte> bytes, int times)
    {
        for (int i = 0; i < times; i++)
        {
            if (!head.TryRead(bytes, out _))
            {
                throw new InvalidOperationException("no head");
            }

            head.Clear();
        }
    }
}
