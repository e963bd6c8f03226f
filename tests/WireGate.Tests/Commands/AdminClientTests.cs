using System.Net.Sockets;
using System.Text;
using NUnit.Framework;
using WireGate.Admin.Api;
using WireGate.Commands;

namespace WireGate.Tests.Commands;

public sealed class AdminClientTests
{
    [Test]
    public async Task Waits_for_its_turn_while_others_fill_the_queue_of_the_socket()
    {
        DirectoryInfo directory = Directory.CreateTempSubdirectory("wg-queue-");
        var crowd = new List<Socket>();
        try
        {
            var address = new UnixDomainSocketEndPoint(Path.Combine(directory.FullName, "admin.sock"));
            using var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            listener.Bind(address);
            listener.Listen(1);
            Fill(address, crowd);
            using var client = new AdminClient(address.ToString());

            Task<StatusView> status = client.GetAsync("v1/status", AdminJson.Default.StatusView, CancellationToken.None);
            Assert.That(status.IsCompleted, Is.False);
            foreach (Socket _ in crowd)
            {
                (await listener.AcceptAsync()).Dispose();
            }

            using Socket accepted = await listener.AcceptAsync();
            await accepted.ReceiveAsync(new byte[4096], SocketFlags.None);
            await accepted.SendAsync(Encoding.ASCII.GetBytes("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"), SocketFlags.None);

            Assert.That(async () => await status, Throws.TypeOf<CommandException>().With.Message.Contains("403"));
        }
        finally
        {
            crowd.ForEach(c => c.Dispose());
            directory.Delete(recursive: true);
        }
    }

    private static void Fill(UnixDomainSocketEndPoint address, List<Socket> crowd)
    {
        while (true)
        {
            var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified) { Blocking = false };
            try
            {
                socket.Connect(address);
                crowd.Add(socket);
            }
            catch (SocketException e) when (e.SocketErrorCode is SocketError.WouldBlock or SocketError.TryAgain)
            {
                socket.Dispose();
                return;
            }
        }
    }
}
